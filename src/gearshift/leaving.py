"""Between SIGTERM and the drain (`--drain-delay`): requests are served as before while health checks are told 503.

A load balancer takes a server out only when its next checks have failed, Kubernetes when its endpoints have been told
to every node. Until then they send new connections, and a closed listener would refuse them. So the listeners stay
open; each answer is its connection's last, which moves kept-alive clients elsewhere meanwhile.
"""

from __future__ import annotations

from threading import Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.gearbox import Gearbox
    from gearshift.server import Serving


def leaving_in_words(name: str, seconds: float) -> str:
    """name: of the signal that asked for it."""
    return (
        f"{name}: serving on for {seconds:g} s while health checks are answered 503, then draining;"
        " again to end at once"
    )


def leave(serving: Serving, gearbox: Gearbox, name: str = "", *, http_alone: bool) -> Timer:
    """Begins to leave; the drain follows after `drain_delay` seconds, in the timer that is returned.

    name: of the signal that asked for it, "" where that is told already. http_alone: no raw handler is served.
    """
    seconds = serving.settings.drain_delay
    if name:
        serving.error_log.info(leaving_in_words(name, seconds))
    serving.own_answers.leaving = True
    gearbox.leave(http_alone)
    timer = Timer(seconds, serving.begin_drain, ("the drain delay is over",))
    timer.daemon = True
    timer.start()
    return timer
