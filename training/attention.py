"""Attention as plain products of matrices, registered with transformers as "products".

On processors the fused kernel of torch takes two to four times as long for short texts and small heads, and the plain
one of transformers raises the weights to float32 under autocast. With this one a step of the reader's training takes
six to eight tenths of the time.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import eager_mask

PRODUCTS = "products"


def attend(
    module: torch.nn.Module,  # noqa: ARG001
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Scaled dot-product attention without dropout (Vaswani et al. 2017, section 3.2.1), in the type of its input.

    query, key and value are (texts, heads, tokens, size); the mask is added to the scores; returns (texts, tokens,
    heads, size) and no weights, as transformers asks of an attention.
    """
    texts, heads, tokens, size = query.shape
    with torch.autocast("cpu", enabled=False):
        query, key, value = (
            part.reshape(texts * heads, tokens, size)
            for part in (query * (size**-0.5 if scaling is None else scaling), key, value)
        )
        scores = torch.bmm(query, key.transpose(1, 2)).view(texts, heads, tokens, tokens)
        if attention_mask is not None:
            scores = scores + attention_mask.to(scores.dtype)
        mixed = torch.bmm(scores.softmax(-1).view(texts * heads, tokens, tokens), value)
    return mixed.view(texts, heads, tokens, size).transpose(1, 2).contiguous(), None


def use_products(model: PreTrainedModel) -> None:
    """Let a model attend so, if it is one whose attention can be chosen."""
    if model._supports_attention_backend:
        model.set_attn_implementation(PRODUCTS)


AttentionInterface.register(PRODUCTS, attend)
AttentionMaskInterface.register(PRODUCTS, eager_mask)
