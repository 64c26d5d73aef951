"""What is not published of MAFE, or is a fault of what is: one named switch each, with what we chose."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

Method = Literal["none", "reid", "flow", "flownorm", "both", "bothnorm"]
"""Which losses teach beside the middle frame; ``norm``: on normalised numbers."""

FlowTeacher = Literal["dis", "exact"]

CODE = "ZheLi2020/LabelfreeMCDM at 04deacc6, "
TRAINER = f"{CODE}train_echo_flow.py"


def _switch(default: Any, says: str, source: str) -> Any:
    return field(default=default, metadata={"says": says, "source": source})


@dataclass(frozen=True, kw_only=True)
class Choices:
    """One way to train MAFE; each field is a switch, its meaning and source are its metadata.

    Attributes
    ----------
    reconstruction : {"ema_vfi", "infomotion"}
        Loss of the middle frame.
    targets_follow : bool
        Whether flips, turns and swaps of the frames are applied to flow and identity targets too.
    flow_teacher : {"dis", "exact"}
        Where the flow targets come from.
    flow_stages : {"last", "both"}
        Which stages of the network's flow are compared.
    flow_norm : {"scale", "direction"}
        What ``flownorm`` and ``bothnorm`` do to flows: divide by the target's root mean square, or keep
        directions alone.
    reid_reduction : {"mean", "sum"}
        Over the numbers of an identity vector.
    pair : {"emptying", "filling"}
        The motion whose vector is taken.
    """

    reconstruction: Literal["ema_vfi", "infomotion"] = _switch(
        "ema_vfi",
        "The trainer is not published. Its loss is called by EMA-VFI's interface with four pyramid levels, so"
        " EMA-VFI's loss is taken; InfoMotion's text has a squared error in its place.",
        f"{TRAINER}:96-109, 175, 197; MCG-NJU/EMA-VFI at 75b6f6a8, Trainer.py:143-161",
    )
    targets_follow: bool = _switch(
        True,
        "The loader flips, turns and swaps the frames, and neither the pseudo-flow nor the order of the"
        " identity vectors. Here the targets follow; false is as published.",
        f"{CODE}MAFE/echo_one.py:590-627",
    )
    flow_teacher: Literal["dis", "exact"] = _switch(
        "dis",
        "The published teacher, UnSAMFlow on MedSAM's masks, may not be used commercially and needs"
        " supervised masks. Here OpenCV's DIS, which learns nothing, or on drawn hearts the true flow.",
        f"{CODE}UnSAMFlow/trainer/echo_trainer_ar.py:595-615, MedSAM/MedSAM_echo.py:113-138",
    )
    flow_stages: Literal["last", "both"] = _switch(
        "last",
        "Of the flow loss only name and weight (0.01) are known. Here the mean absolute difference in pixels"
        " of the flow from the middle to both ends, as the network has it at the end.",
        f"{TRAINER}:96-109, 176-177, 185",
    )
    flow_norm: Literal["scale", "direction"] = _switch(
        "scale",
        "What the methods with norm normalise is not known. Here both flows are divided by the target's root"
        " mean square, so that hearts that move little count as much; identity vectors are given length 1.",
        f"{TRAINER}:96-109",
    )
    reid_reduction: Literal["mean", "sum"] = _switch(
        "mean",
        "Of the identity loss only name and weight (1) are known. Here a linear map of both appearance maps,"
        " averaged over the picture, must give the teacher's 128 numbers: mean squared difference.",
        f"{TRAINER}:96-109, 176-177; {CODE}MAFE/echo_one.py:546-567",
    )
    pair: Literal["emptying", "filling"] = _switch(
        "emptying",
        "The published vector is of the two traced frames in their order in time, which is nearly always"
        " emptying. Training sees both motions of a video here.",
        f"{CODE}MAFE/echo_one.py:541-573, infer_echo_flow.py:114-118",
    )


WITHOUT_A_SWITCH = (
    (
        "The identity teacher is published as a ResNet-50 on the latents of an autoencoder, from ImageNet"
        " weights; here it is a ResNet-18 on grey frames from random weights, trained on TRAIN videos, since"
        " neither weights nor autoencoder belong to this stage. It learns same or different video.",
        "HReynaud/EchoNet-Synthetic at f21198d9, echosyn/privacy/shared.py",
    ),
    (
        "As published, the writer of pseudo-flows stops after 102 videos of each split; here every triplet"
        " has one.",
        "observed in the published code",
    ),
    (
        "No label is used, the title says; yet the frames come from experts' tracings, the masks of the flow"
        " teacher from a supervised network, and the identity teacher is told which frames are of one video.",
        f"{CODE}MAFE/echo_one.py:541-573",
    ),
)
"""Further differences and oddities: ``(what, source)``."""


def choice_rows() -> list[dict[str, str]]:
    """Rows of the table of switches: ``switch``, ``ours``, ``others``, ``what``, ``source``."""
    hints, rows = get_type_hints(Choices), []
    for switch in fields(Choices):
        values = get_args(hints[switch.name]) or (True, False)
        others = [str(value) for value in values if value != switch.default]
        rows.append(
            {
                "switch": f"mafe_{switch.name}",
                "ours": str(switch.default),
                "others": ", ".join(others),
                "what": switch.metadata["says"],
                "source": switch.metadata["source"],
            }
        )
    return rows
