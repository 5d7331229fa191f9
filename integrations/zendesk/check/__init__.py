"""Whether Zendesk will take an app's package: the public validator's rules, without a network.

The table of what is refused and what is warned of is tested row by row in
`tests/zendesk_package/test_rows.py`. Against the validator itself (its source of August 2026) 94
packages of these tests were held once, in November 2026: it refused none that these rules let pass.
They refuse a little more, such as what it stumbles over. Zendesk may check more on upload.
"""

from __future__ import annotations

from integrations.zendesk.check.contents import content_findings
from integrations.zendesk.check.finding import Finding, Findings, error
from integrations.zendesk.check.manifest import MANIFEST, manifest_findings
from integrations.zendesk.check.parameters import parameter_findings
from integrations.zendesk.check.reading import NotJsonError, Package, TwiceError
from integrations.zendesk.check.requirements import requirement_findings
from integrations.zendesk.check.translations import translation_findings


def check(package: Package) -> list[Finding]:
    """Check a package by every rule; the errors first."""
    found = [*_told(package), *content_findings(package)]
    return sorted(found, key=lambda each: each.level)


def _told(package: Package) -> Findings:
    if MANIFEST not in package.files:
        nested = [
            name for name in package.files if name.count("/") == 1 and name.endswith(MANIFEST)
        ]
        if nested:
            message = f"it lies in a folder ({nested[0]}): it must be at the root."
            yield error("manifest.nested", MANIFEST, message)
        else:
            yield error("manifest.missing_file", MANIFEST, "it is missing.")
        return
    try:
        manifest = package.json(MANIFEST)
    except NotJsonError as problem:
        yield error("manifest.not_json", MANIFEST, f"it is not JSON: {problem}.")
        return
    except TwiceError as twice:
        yield error("manifest.twice", MANIFEST, f"the key {twice} is there twice.")
        return
    if not isinstance(manifest, dict):
        yield error("manifest.not_object", MANIFEST, "it must be an object.")
        return
    yield from manifest_findings(package, manifest)
    yield from parameter_findings(manifest)
    yield from translation_findings(package, manifest)
    yield from requirement_findings(package, manifest)
