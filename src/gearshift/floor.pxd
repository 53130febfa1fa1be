# Where the interpreter has its lock, all of this is nothing.
cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    typedef struct {
        PyMutex mutex;
        unsigned long owner;    /* its thread's ident, 0: nobody's. A thread finds its own there only if it has it. */
        int depth;              /* how often the owner has taken it */
    } gearshift_floor;
    static inline void gearshift_floor_gain(gearshift_floor *floor, unsigned long thread, int depth) {
        int error = errno;      /* whoever waits here has just made a system call, and is about to look */
        PyMutex_Lock(&floor->mutex);
        __atomic_store_n(&floor->owner, thread, __ATOMIC_RELAXED);
        floor->depth = depth;
        errno = error;
    }
    static inline void gearshift_floor_lose(gearshift_floor *floor) {
        int error = errno;
        __atomic_store_n(&floor->owner, 0, __ATOMIC_RELAXED);
        PyMutex_Unlock(&floor->mutex);
        errno = error;
    }
    static inline void gearshift_floor_take(gearshift_floor *floor) {
        unsigned long thread = PyThread_get_thread_ident();
        if (__atomic_load_n(&floor->owner, __ATOMIC_RELAXED) == thread)
            floor->depth++;
        else
            gearshift_floor_gain(floor, thread, 1);
    }
    static inline void gearshift_floor_leave(gearshift_floor *floor) {
        if (--floor->depth == 0)
            gearshift_floor_lose(floor);
    }
    static inline int gearshift_floor_let_go(gearshift_floor *floor) {
        int depth;
        if (__atomic_load_n(&floor->owner, __ATOMIC_RELAXED) != PyThread_get_thread_ident())
            return 0;
        depth = floor->depth;
        gearshift_floor_lose(floor);
        return depth;
    }
    static inline void gearshift_floor_take_again(gearshift_floor *floor, int depth) {
        if (depth > 0)
            gearshift_floor_gain(floor, PyThread_get_thread_ident(), depth);
    }
    #define GEARSHIFT_FLOOR_IS_NEEDED 1
    #else
    typedef struct { char nothing; } gearshift_floor;
    #define gearshift_floor_take(floor) ((void)(floor))
    #define gearshift_floor_leave(floor) ((void)(floor))
    #define gearshift_floor_let_go(floor) ((void)(floor), 0)
    #define gearshift_floor_take_again(floor, depth) ((void)(floor), (void)(depth))
    #define GEARSHIFT_FLOOR_IS_NEEDED 0
    #endif
    """
    ctypedef struct FloorState "gearshift_floor":
        pass
    bint IS_NEEDED "GEARSHIFT_FLOOR_IS_NEEDED"
    void _take "gearshift_floor_take" (FloorState* floor)
    void _leave "gearshift_floor_leave" (FloorState* floor)
    int _let_go "gearshift_floor_let_go" (FloorState* floor)
    void _take_again "gearshift_floor_take_again" (FloorState* floor, int depth)

cdef FloorState the_floor

# From here on this thread alone runs the server's code. What is taken twice is left twice.
cdef inline void take_floor() noexcept:
    _take(&the_floor)

cdef inline void leave_floor() noexcept:
    _leave(&the_floor)

# Before what takes long, or is not the server's. What it answers is for take_again(): 0 where this thread didn't have it.
cdef inline int let_go() noexcept:
    return _let_go(&the_floor)

cdef inline void take_again(int depth) noexcept:
    _take_again(&the_floor, depth)

cdef class Floor:
    pass
