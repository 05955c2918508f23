#include "regions/region.h"

#define FLEETING 64          /* plans after which a site has to use most of them more than once, */
#define WORTH_A_PLAN 4096    /* unless they are for that many items; */
#define WORTH_PATCHES 50000  /* or where patches depend on numbers, for that many */

int
fleeting_plan(RegionSite *self, const Plan *made)
{
    if (self->plans_made <= FLEETING || self->plans_made <= self->site.hits / 2) {
        return 0;
    }
    if (made->patched >= 0 && made->size < WORTH_PATCHES && self->site.frugal) {
        PyObject *reason = PyUnicode_FromString("the numbers that say how an array is put together "
                                                "change from call to call");
        int failed = reason == NULL || site_split(&self->site, made->patched, reason) < 0;
        Py_XDECREF(reason);
        return failed ? -1 : 0;
    }
    return made->size < WORTH_A_PLAN ? site_give_back(&self->site) : 0;
}
