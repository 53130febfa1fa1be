from gearshift.apps.native cimport Answer, Responder
from gearshift.apps.static.cache cimport Cache, Representation, Resource

cdef class StaticFiles(Responder):
    cdef readonly object root, loader
    cdef readonly bint listing
    cdef readonly Cache cache

    cdef Answer _represent(self, object request, Resource resource)
    cdef Answer _respond_uncached(self, object request, double turn, bytes prefix)
