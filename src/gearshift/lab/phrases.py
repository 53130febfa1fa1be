# Chinese has its own punctuation, and sentences without spaces to break them at.
# ruff: noqa: RUF001, E501
"""What the lab itself says, in both languages."""

from __future__ import annotations

from gearshift.lab.experiment import Verdict
from gearshift.report.words import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

VERDICTS = {
    Verdict.HELD: Text("held", "成立"),
    Verdict.CORRECTED: Text("corrected", "需修正"),
    Verdict.REFUTED: Text("did not hold", "不成立"),
    Verdict.SKIPPED: Text("skipped", "跳过"),
}
TONES = {Verdict.HELD: "good", Verdict.CORRECTED: "warm", Verdict.REFUTED: "bad", Verdict.SKIPPED: "plain"}

CORRECTION = Text("More exactly: ", "更准确地说：")
TITLE = Text("The lab: every claim tried on the running kernel", "实验室：在运行中的内核上检验每一个论断")
LEAD = Text(
    "What is taught about sockets, queues, threads and I/O models, tried with real sockets on the loopback interface."
    " The kernel's own evidence decides; where a claim is imprecise, it is corrected.",
    "关于套接字、队列、线程和 I/O 模型的种种说法，用回环接口上的真实套接字逐一检验。由内核自己给出的证据裁决；说法不够准确之处，予以修正。",
)
BROKEN = Text("broke off", "中断")
MACHINE = Text("The machine", "机器")
CONTENTS = Text("The experiments", "实验一览")
SECONDS = Text("{seconds} s", "{seconds} 秒")
FOOT = Text(
    "Made by `gearshift lab run`; the figures belong to this machine at this moment.",
    "由 `gearshift lab run` 生成；数字只代表这台机器此刻的情形。",
)


def broke(error: str) -> Text:
    """An experiment that did not come to its end."""
    return Text(f"The experiment broke off: {error}", f"实验中断：{error}")


def left_words(left: Sequence[str]) -> Text:
    """What an experiment did not clean up."""
    listed = ", ".join(left)
    return Text(f"Left behind: {listed}", f"遗留：{listed}")


def summary(experiments: int, claims: int, counted: str) -> Text:
    """How many were run, how many claims that is, and what became of those."""
    return Text(
        f"{experiments} experiment{'' if experiments == 1 else 's'}, {claims} claim{'' if claims == 1 else 's'}: {counted}",
        f"{experiments} 个实验，{claims} 个论断：{counted}",
    )
