"""Descriptor limits, and what is said when they are short."""

import resource

from gearshift.kernel import limits


def test_the_limits_are_the_process_s_own() -> None:
    found = limits.descriptor_limits()
    assert (found.soft, found.hard) == resource.getrlimit(resource.RLIMIT_NOFILE)


def test_a_shortage_is_told_with_its_figures() -> None:
    enough = limits.DescriptorLimits(limits.descriptors_for(1000), 5000)
    assert limits.shortage_in_words(1000, enough) == ""
    words = limits.shortage_in_words(1000, limits.DescriptorLimits(1024, 4096))
    assert words.startswith(
        "1000 connections need 1064 descriptors, this process may open 1024 (hard limit 4096"
    )
