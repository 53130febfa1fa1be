"""One io_uring: a queue of operations to submit, a queue of completions, and buffers that the kernel picks from.

A ring belongs to one thread (IORING_SETUP_SINGLE_ISSUER), and completions are made when that thread asks for them
(DEFER_TASKRUN): both save the kernel work, and need Linux 6.1.
"""

import os

import cython
from cython.cimports.gearshift.engines.ring import (
    BufferEntry,
    BufferRegistration,
    Completion,
    Operation,
    Parameters,
    Submission,
    Timespec,
    WaitArguments,
)
from cython.cimports.gearshift.floor import let_go, take_again
from cython.cimports.gearshift.kernel import system_calls as sockets
from cython.cimports.libc.errno import EAGAIN, EBUSY, EINTR, ETIME, errno
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.string import memset

ENTRIES = cython.declare(cython.uint, 1024)
COMPLETIONS = cython.declare(
    cython.uint, 16384
)  # a turn's accepts, receives and sends of very many connections
BUFFERS = cython.declare(cython.uint, 256)  # a power of two
BUFFER_SIZE = cython.declare(cython.uint, 16384)
SETUP_FLAGS = cython.declare(
    cython.uint,
    (1 << 3) | (1 << 8) | (1 << 12) | (1 << 13),  # CQSIZE, COOP_TASKRUN, SINGLE_ISSUER, DEFER_TASKRUN
)
ENTER_GETEVENTS = cython.declare(cython.uint, 1)
ENTER_EXT_ARG = cython.declare(cython.uint, 8)
REGISTER_PBUF_RING = cython.declare(cython.uint, 22)
OFFSET_RINGS = cython.declare(cython.longlong, 0)
OFFSET_SUBMISSIONS = cython.declare(cython.longlong, 0x10000000)
NUMBER_SETUP = cython.declare(cython.long, 425)  # the same on every architecture
NUMBER_ENTER = cython.declare(cython.long, 426)
NUMBER_REGISTER = cython.declare(cython.long, 427)
FOREVER = cython.declare(cython.double, 1e8)


class Ring:
    """Raises OSError with the kernel's error where a ring can't be had; see refusal()."""

    def __cinit__(self):
        parameters: Parameters
        self.fd = -1
        memset(cython.address(parameters), 0, cython.sizeof(Parameters))
        parameters.flags = SETUP_FLAGS
        parameters.cq_entries = COMPLETIONS
        self.fd = cython.cast(
            cython.int, sockets.syscall(NUMBER_SETUP, ENTRIES, cython.address(parameters), 0, 0, 0, 0)
        )
        if self.fd < 0:
            raise OSError(errno, os.strerror(errno))
        self._map(cython.address(parameters))
        self._make_buffers()

    def __dealloc__(self):
        if self.fd >= 0:
            sockets.close(self.fd)
        if self.rings != cython.NULL:
            sockets.munmap(self.rings, self.rings_size)
        if self.submissions != cython.NULL:
            sockets.munmap(self.submissions, self.submissions_size)
        if self.buffer_ring != cython.NULL:
            sockets.munmap(self.buffer_ring, self.buffer_ring_size)

    def _map(self, parameters: cython.pointer[Parameters]):
        """The three shared regions; both rings lie in one mapping since Linux 5.4."""
        index: uint32_t
        shared: cython.int = sockets.MAP_SHARED | sockets.MAP_POPULATE
        array: cython.pointer[uint32_t]
        submissions_end: cython.size_t = parameters.sq_off.array_or_flags + parameters.sq_entries * 4
        completions_end: cython.size_t = parameters.cq_off.dropped_or_entries + parameters.cq_entries * (
            cython.sizeof(Completion)
        )
        self.rings_size = max(submissions_end, completions_end)
        self.rings = cython.cast(cython.p_char, self._mapping(self.rings_size, shared, OFFSET_RINGS))
        self.submissions_size = parameters.sq_entries * cython.sizeof(Submission)
        self.submissions = cython.cast(
            cython.pointer[Submission], self._mapping(self.submissions_size, shared, OFFSET_SUBMISSIONS)
        )
        self.submission_head = cython.cast(cython.pointer[uint32_t], self.rings + parameters.sq_off.head)
        self.submission_tail = cython.cast(cython.pointer[uint32_t], self.rings + parameters.sq_off.tail)
        self.submission_entries = parameters.sq_entries
        self.submission_mask = parameters.sq_entries - 1
        array = cython.cast(cython.pointer[uint32_t], self.rings + parameters.sq_off.array_or_flags)
        for index in range(parameters.sq_entries):
            array[index] = index
        self.completion_head = cython.cast(cython.pointer[uint32_t], self.rings + parameters.cq_off.head)
        self.completion_tail = cython.cast(cython.pointer[uint32_t], self.rings + parameters.cq_off.tail)
        self.completion_mask = parameters.cq_entries - 1
        self.completions = cython.cast(
            cython.pointer[Completion], self.rings + parameters.cq_off.dropped_or_entries
        )
        return 0

    def _mapping(self, size: cython.size_t, flags: cython.int, offset: cython.longlong) -> cython.p_void:
        where: cython.p_void = sockets.mmap(
            cython.NULL,
            size,
            sockets.PROT_READ | sockets.PROT_WRITE,
            flags,
            -1 if flags & sockets.MAP_ANONYMOUS else self.fd,
            offset,
        )
        if where == sockets.MAP_FAILED:
            raise OSError(errno, os.strerror(errno))
        return where

    def _make_buffers(self):
        """The kernel takes the next of these when a receive has bytes: an idle connection holds none."""
        registration: BufferRegistration
        number: cython.uint
        entries_size: cython.size_t = BUFFERS * cython.sizeof(BufferEntry)
        self.buffer_ring_size = entries_size + BUFFERS * BUFFER_SIZE
        self.buffer_ring = cython.cast(
            cython.pointer[BufferEntry],
            self._mapping(self.buffer_ring_size, sockets.MAP_PRIVATE | sockets.MAP_ANONYMOUS, 0),
        )
        self.buffers = cython.cast(cython.p_char, self.buffer_ring) + entries_size
        memset(cython.address(registration), 0, cython.sizeof(BufferRegistration))
        registration.ring_address = cython.cast(uint64_t, self.buffer_ring)
        registration.ring_entries = BUFFERS
        if (
            sockets.syscall(
                NUMBER_REGISTER, self.fd, REGISTER_PBUF_RING, cython.address(registration), 1, 0, 0
            )
            < 0
        ):
            raise OSError(errno, os.strerror(errno))
        for number in range(BUFFERS):
            self.give_back(number)
        return 0

    def prepare(self, operation: cython.int, fd: cython.int, user_data: uint64_t):
        """A cleared place in the submission queue; what is full is submitted first."""
        place: cython.pointer[Submission]
        if self.tail - sockets.atomic_load(self.submission_head, sockets.ACQUIRE) >= self.submission_entries:
            self.enter(0, 0)
        place = cython.address(self.submissions[self.tail & self.submission_mask])
        memset(place, 0, cython.sizeof(Submission))
        place.opcode = operation
        place.fd = fd
        place.user_data = user_data
        self.tail += 1
        return place

    def cancel(self, user_data: uint64_t):
        """Asks for the end of an operation; its own completion says how it ended."""
        place: cython.pointer[Submission] = self.prepare(Operation.ASYNC_CANCEL, -1, 0)
        place.address = user_data
        return 0

    def enter(self, least: cython.uint, seconds: cython.double):
        """Submits what was prepared and waits for so many completions, at most for so long."""
        arguments: WaitArguments
        moment: Timespec
        result: cython.long
        fresh: uint32_t = self.tail - self.submitted
        sockets.atomic_store(self.submission_tail, self.tail, sockets.RELEASE)
        memset(cython.address(arguments), 0, cython.sizeof(WaitArguments))
        if seconds < FOREVER:
            moment.seconds = cython.cast(cython.longlong, seconds)
            moment.nanoseconds = cython.cast(cython.longlong, (seconds - moment.seconds) * 1e9)
            arguments.timespec = cython.cast(uint64_t, cython.address(moment))
        if least == 0:
            result = sockets.syscall(
                NUMBER_ENTER,
                self.fd,
                fresh,
                0,
                ENTER_GETEVENTS | ENTER_EXT_ARG,
                cython.address(arguments),
                cython.sizeof(WaitArguments),
            )
        else:
            floor: cython.int = let_go()
            with cython.nogil:
                result = sockets.syscall(
                    NUMBER_ENTER,
                    self.fd,
                    fresh,
                    least,
                    ENTER_GETEVENTS | ENTER_EXT_ARG,
                    cython.address(arguments),
                    cython.sizeof(WaitArguments),
                )
            take_again(floor)
        # What was submitted counts even where the wait ended by a timeout or a signal.
        self.submitted = sockets.atomic_load(self.submission_head, sockets.ACQUIRE)
        if result < 0 and errno != ETIME and errno != EINTR and errno != EAGAIN and errno != EBUSY:
            raise OSError(errno, os.strerror(errno))
        return 0

    def peek(self) -> cython.pointer[Completion]:
        """The oldest completion that was not seen yet, or NULL."""
        head: uint32_t = self.completion_head[0]
        if head == sockets.atomic_load(self.completion_tail, sockets.ACQUIRE):
            return cython.NULL
        return cython.address(self.completions[head & self.completion_mask])

    def completed(self) -> cython.uint:
        """How many there are at this moment."""
        return sockets.atomic_load(self.completion_tail, sockets.ACQUIRE) - self.completion_head[0]

    def seen(self) -> cython.void:
        sockets.atomic_store(self.completion_head, self.completion_head[0] + 1, sockets.RELEASE)

    def buffer(self, number: cython.int) -> cython.p_char:
        return self.buffers + number * BUFFER_SIZE

    def give_back(self, number: cython.int) -> cython.void:
        """The kernel may fill that buffer again."""
        entry: cython.pointer[BufferEntry] = cython.address(
            self.buffer_ring[self.buffer_tail & (BUFFERS - 1)]
        )
        entry.address = cython.cast(uint64_t, self.buffer(number))
        entry.length = BUFFER_SIZE
        entry.number = number
        self.buffer_tail += 1
        sockets.atomic_store_16(
            cython.address(self.buffer_ring[0].reserved), self.buffer_tail, sockets.RELEASE
        )


def refusal() -> str:
    """Why no ring can be had here, in words; empty where one can."""
    try:
        Ring()
    except OSError as error:
        return _in_words(error)
    return ""


def _in_words(error: OSError) -> str:
    from errno import EINVAL, ENOMEM, ENOSYS, EPERM

    release = os.uname().release
    if error.errno == ENOSYS:
        return f"this kernel ({release}) has no io_uring, or a filter hides it"
    if error.errno == EINVAL:
        return f"io_uring of this kernel ({release}) is too old: 6.1 is needed"
    if error.errno == ENOMEM:
        return "no memory may be locked for io_uring: RLIMIT_MEMLOCK is too small"
    if error.errno == EPERM:
        try:
            with open("/proc/sys/kernel/io_uring_disabled") as file:  # noqa: PTH123 - pathlib would cost 6 ms
                value = file.read().strip()
        except OSError:
            value = "0"
        if value != "0":
            return f"the setting kernel.io_uring_disabled = {value} forbids io_uring"
        return "io_uring is refused, probably by a seccomp filter (container runtimes have one)"
    return f"io_uring is refused: {error.strerror}"
