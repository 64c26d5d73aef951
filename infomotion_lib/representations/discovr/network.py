"""The whole network under its published names: students, their teachers, heads, decoder and prototypes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from infomotion_lib.representations.discovr.decoder import Decoder
from infomotion_lib.representations.discovr.encoder import (
    IMAGE_EPS,
    VIDEO_EPS,
    VIDEO_TUBELET,
    Encoder,
    EncoderSize,
)
from infomotion_lib.representations.discovr.head import DinoHead
from infomotion_lib.representations.discovr.positions import decoder_table
from infomotion_lib.representations.discovr.sizes import DiscovrSize

PAIRS = (
    ("encoder", "video_teacher"),
    ("image_student", "image_teacher"),
    ("video_dino_head", "video_teacher_head"),
    ("image_dino_head", "image_teacher_head"),
)
"""Each student and the teacher that follows it."""


@torch.no_grad()
def follow(teacher: nn.Module, student: nn.Module, *, momentum: float) -> None:
    """The teacher's weights moved towards the student's: ``momentum teacher + (1 - momentum) student``."""
    for old, new in zip(teacher.parameters(), student.parameters(), strict=True):
        old.mul_(momentum).add_(new, alpha=1 - momentum)


class Discovr(nn.Module):
    """Four encoders, four heads, a decoder and prototypes; teachers start as copies and are not trained.

    Without ``size.bias`` the video encoders and the decoder have no bias on queries and values; image
    encoders have none in any case.
    """

    video_center: Tensor
    image_center: Tensor
    places: Tensor

    def __init__(self, size: DiscovrSize) -> None:
        super().__init__()
        self.size = size
        self.mask_token = nn.Parameter(torch.zeros(1, 1, size.decoder_width))
        self.prototypes = nn.Parameter(torch.zeros(size.prototypes, size.width))
        self.register_buffer("image_center", torch.zeros(1, size.out))
        self.register_buffer("video_center", torch.zeros(1, size.out))
        self.image_student, self.image_teacher = (Encoder(image_size(size)) for _ in range(2))
        self.encoder, self.video_teacher = (Encoder(video_size(size)) for _ in range(2))
        self.decoder = Decoder(
            size.decoder_width, size.decoder_depth, size.decoder_heads, out=size.width, bias=size.bias
        )
        self.encoder_to_decoder = nn.Linear(size.width, size.decoder_width, bias=False)
        self.image_dino_head, self.image_teacher_head, self.video_dino_head, self.video_teacher_head = (
            DinoHead(size.width, hidden=size.hidden, bottleneck=size.bottleneck, out=size.out)
            for _ in range(4)
        )
        table = decoder_table(self.encoder.size.tokens, size.decoder_width)
        self.register_buffer("places", table, persistent=False)
        for _, teacher in PAIRS:
            self.get_submodule(teacher).requires_grad_(False)

    def __repr__(self) -> str:
        bias = "with" if self.size.bias else "without"
        return f"Discovr(width {self.size.width}, {self.size.depth} blocks, {bias} q and v bias)"

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Names and values of what gradients change."""
        return ((name, value) for name, value in self.named_parameters() if value.requires_grad)

    def follow(self, momentum: float) -> None:
        """All teachers moved towards their students."""
        for student, teacher in PAIRS:
            follow(self.get_submodule(teacher), self.get_submodule(student), momentum=momentum)

    @torch.no_grad()
    def scale_prototypes(self) -> None:
        """Prototypes set to length 1, outside the graph."""
        self.prototypes.copy_(nn.functional.normalize(self.prototypes, dim=-1))


def new_discovr(size: DiscovrSize, *, seed: int) -> Discovr:
    """Network with random weights that depend on the seed alone; torch's own generator is left as it was.

    Linear layers of blocks are Xavier-uniform, all else has a deviation of 0.02 (directions and prototypes:
    of 1), as in MAE and DINO; the published code's own choice is not documented.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # default weights are drawn, and replaced
        network = Discovr(size)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith(("weight_v", "prototypes")):
                value.normal_(generator=generator)
            elif ".blocks." in name and value.dim() == 2:
                nn.init.xavier_uniform_(value, generator=generator)
            elif value.dim() > 1 and not name.endswith("weight_g"):
                nn.init.trunc_normal_(value, std=0.02, generator=generator)
            elif name.endswith("bias"):
                value.zero_()
        network.scale_prototypes()
        network.follow(0.0)
    return network


def video_size(size: DiscovrSize) -> EncoderSize:
    """Size of both video encoders."""
    return _encoder(size, frames=size.frames, tubelet=VIDEO_TUBELET, eps=VIDEO_EPS, bias=size.bias)


def image_size(size: DiscovrSize) -> EncoderSize:
    """Size of both image encoders."""
    return _encoder(size, frames=1, tubelet=1, eps=IMAGE_EPS, bias=False)


def _encoder(size: DiscovrSize, *, frames: int, tubelet: int, eps: float, bias: bool) -> EncoderSize:
    return EncoderSize(
        side=size.side,
        frames=frames,
        patch=size.patch,
        tubelet=tubelet,
        width=size.width,
        depth=size.depth,
        heads=size.heads,
        eps=eps,
        bias=bias,
    )
