"""The privacy filter of every generator's pool: hearts too like a training heart are left out.

The rule itself is torch-free; the network whose features it compares is loaded by whoever filters a pool.
"""

from infomotion_lib.generators.privacy.filter import PrivacyReport, privacy_filter

__all__ = ["PrivacyReport", "privacy_filter"]
