"""Where the published code computes something else than the paper's equations: one named switch each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

from infomotion_lib.errors import ParameterError, did_you_mean

VariantName = Literal["equations", "released"]

CODE = "mdivyanshu97/DISCOVR at 81587c97, "
MODEL, ENGINE = f"{CODE}models/modeling_pretrain.py", f"{CODE}engine/engine_for_pretraining.py"


def _switch(says: str, source: str) -> Any:
    return field(metadata={"says": says, "source": source})


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to compute a training step; each field is a switch, its meaning and source are its metadata.

    Attributes
    ----------
    token_order : {"raster", "visible_first"}
        Order in which decoded video tokens meet image tokens.
    image_tokens : {"even_frames", "even_tokens"}
        Which image tokens a tubelet of two frames is compared with.
    targets : {"soft", "hard"}
        Cluster codes as they are, or the first of their largest entries.
    image_term_trains : bool
        Whether the cross entropy of the image scores trains the prototypes.
    centre_of : {"logits", "probabilities"}
        Of what the DINO centre is the moving mean.
    image_weight : {"mean", "frames"}
        Whether the image loss is the mean over frames, or that times 256 / frames over the last 1,024 frames.
    standardise : bool
        Whether image tokens are standardised per frame and channel before they are compared.
    rate : {"warmup_cosine", "constant"}
        Course of the learning rate.
    decay : {"matrices", "all"}
        What AdamW's weight decay reaches: matrices alone, or all but the mask token.
    """

    token_order: Literal["raster", "visible_first"] = _switch(
        "The decoder puts visible tokens before masked ones. The equations compare tokens of one place and"
        " time; the code compares them with image tokens in raster order without putting them back.",
        f"{MODEL}:1186-1203, 401-404",
    )
    image_tokens: Literal["even_frames", "even_tokens"] = _switch(
        "A tubelet spans two frames, so every other frame is compared. The code takes every other token of"
        " the flat list, which is a checkerboard where a frame has an odd number of tokens.",
        f"{MODEL}:1107-1110",
    )
    targets: Literal["soft", "hard"] = _switch(
        "The equations distil the codes that Sinkhorn gives; the code distils the index of the largest.",
        f"{ENGINE}:344-352",
    )
    image_term_trains: bool = _switch(
        "Image features are constants in both. The code detaches the prototypes of the image scores too, so"
        " that this term of the loss trains nothing.",
        f"{MODEL}:1062-1079, 1202-1203",
    )
    centre_of: Literal["logits", "probabilities"] = _switch(
        "The equations subtract a centre and leave open of what; DINO's is the mean of logits. The code"
        " feeds it probabilities, which hardly centres.",
        f"{MODEL}:894-895, 954, 1127-1128, 1169",
    )
    image_weight: Literal["mean", "frames"] = _switch(
        "The code multiplies the image loss by 256 / frames, and of more than 1,024 frames only the last"
        " chunk counts.",
        f"{MODEL}:946-951, 1092-1103",
    )
    standardise: bool = _switch(
        "The code standardises image tokens over the places of a frame, which the equations do not mention;"
        " both variants do so here.",
        f"{MODEL}; observed by running it",
    )
    rate: Literal["warmup_cosine", "constant"] = _switch(
        "Warm-up and cosine are computed in the code and never applied: its rate is constant.",
        f"{ENGINE}; observed by running it",
    )
    decay: Literal["matrices", "all"] = _switch(
        "Biases, norms and tokens are usually spared weight decay; in the code only the top-level mask"
        " token escapes.",
        f"{CODE}run_mae_pretraining.py; observed by running it",
    )


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "equations": Variant(
            token_order="raster",
            image_tokens="even_frames",
            targets="soft",
            image_term_trains=True,
            centre_of="logits",
            image_weight="mean",
            standardise=True,
            rate="warmup_cosine",
            decay="matrices",
        ),
        "released": Variant(
            token_order="visible_first",
            image_tokens="even_tokens",
            targets="hard",
            image_term_trains=False,
            centre_of="probabilities",
            image_weight="frames",
            standardise=True,
            rate="constant",
            decay="all",
        ),
    }
)

WITHOUT_A_SWITCH = (
    (
        "Options for an EMA momentum of 0.996 and a centre momentum of 0.9 never reach the network, which"
        " runs 0.99 and 0.8: so does the centre here; EMA is a parameter.",
        f"{MODEL}:541-542",
    ),
    (
        "The table of teacher temperatures ends at epoch 399: longer published runs cannot come from this"
        " code unmodified. Here the last temperature holds.",
        f"{MODEL}:744-747",
    ),
    (
        "The published reader builds video encoder and decoder without q and v bias, training with it: what"
        " a file holds decides here.",
        "mdivyanshu97/DISCOVR at 2887f368, run_discovr_encoder.py",
    ),
)
"""Further oddities of the published code, and what is done instead: ``(what, source)``."""


def variant_of(variant: str | Variant) -> Variant:
    """The switches of that name; your own switches pass.

    Raises
    ------
    ParameterError
        If there is no variant of the name.
    """
    if isinstance(variant, Variant):
        return variant
    if variant not in VARIANTS:
        raise ParameterError(f"Unknown variant of DISCOVR: {variant}", remedy=did_you_mean(variant, VARIANTS))
    return VARIANTS[variant]


def switch_rows() -> list[dict[str, str]]:
    """Rows of the table of switches: ``switch``, its value in each variant, ``what``, ``source``."""
    rows = []
    for switch in fields(Variant):
        values = {name: str(getattr(variant, switch.name)) for name, variant in VARIANTS.items()}
        rows.append(
            {
                "switch": switch.name,
                **values,
                "what": switch.metadata["says"],
                "source": switch.metadata["source"],
            }
        )
    return rows
