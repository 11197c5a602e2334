// Purpose:  tell the version of a program whose own module was built from a folder.
// Spec:     cmd/link, `-X importpath.name=value`; what projects call the variable is custom.
// Input:    the `-ldflags` setting of build information; hostile.
// Deviates: the commit (`vcs.revision`) is not turned into a pseudo-version: v0.0.0-… is below every fix and would raise false alarms.
// Unknowns: no such variable, or several that differ, is no version.

/** `-X main.version=1.2.3`, `-X 'k8s.io/component-base/version.gitVersion=v1.30.1'`; -X may be written --X and -X=. */
const assignment = /--?X[ =]['"]?([^\s'"=]+)\.([^\s'"=.]+)=([^\s'"]*)/g
const variableNames =
  /^(?:(?:app|build|git|program|release|semantic|sem|product|cli|main|client|server)?_?(?:version|tag|describe)(?:_?string|_?tag|number)?|gitversion|gitdescribe|semver)$/i
const versionText = /^v?[0-9]+\.[0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z.+-]+)?$/
const maxFlags = 64 * 1024

/** As written there, `1.2.3` or `v1.2.3`. */
export function versionOfLinkerFlags(flags: string): string | undefined {
  const told = [...flags.slice(0, maxFlags).matchAll(assignment)].flatMap(
    ([, , name = '', value = '']) =>
      variableNames.test(name) && versionText.test(value) && value.length <= 128 ? [value] : [],
  )
  const different = new Set(told.map((version) => version.replace(/^v/, '')))
  return different.size === 1 ? told[0] : undefined
}
