// Where programs and libraries may lie: asked for each entry of each layer, so it looks at nothing but the path.
// The mode says nothing: layers that were copied or repacked often lost it, and libraries need none. Nor does the folder, nor
// a name like LICENSE: whoever hides a program puts it where data lie. A look at the first bytes of a text costs little.

/** Endings of programs, libraries and loadable modules, and what people append to a program's name. */
const endings = new Set(
  `
  so exe dll dylib bundle node pyd bin elf out run cgi fcgi ocx scr com appimage real orig old
  bak static smp linux darwin windows musl glibc amd64 arm64 x86_64 aarch64 x64 armv7 arm i386
  386 s390x ppc64le riscv64 upx packed stripped
`
    .trim()
    .split(/\s+/),
)

/** `.11` of python3.11, `.so.1.2.3`, `.3-beta`, `.linux-amd64`. */
const versionEnding = /^(?:[0-9][\w+~-]*|(?:linux|darwin|windows|freebsd)[-_][\w-]+)$/

/** Mounted over when a container runs: what an image has there is never seen. */
const mountedOver = /^(?:proc|sys|dev)\//

/** Programs that Go's tools are tested with, in the sources of modules and of Go itself: nothing runs them. */
const goTestData = /(?:^|\/)(?:go\/pkg\/mod|go[0-9.-]*\/src)\/(?:[^/]+\/)*testdata\//

/** `fsck.minix`, `rename.ul`: in a folder of programs any ending may be one, but those of scripts and texts. */
const programFolder = /(?:^|\/)s?bin\/[^/]*$/
const scriptEnding =
  /^(?:sh|bash|py|pyc|pl|pm|rb|js|mjs|cjs|ts|lua|tcl|php|bat|cmd|ps1|txt|md|json|ya?ml|xml|conf|cfg|ini|map|service|desktop|gz|xz|zst|bz2|zip|jar)$/

/** Whether a program or library may lie at this path (no leading slash). */
export function mayBeExecutable(path: string): boolean {
  const base = path.slice(path.lastIndexOf('/') + 1)
  const dot = base.lastIndexOf('.')
  if (dot !== -1 && !isProgramEnding(path, base.slice(dot + 1))) return false
  return !mountedOver.test(path) && !goTestData.test(path)
}

function isProgramEnding(path: string, ending: string): boolean {
  if (endings.has(ending) || endings.has(ending.toLowerCase()) || versionEnding.test(ending))
    return true
  return programFolder.test(path) && !scriptEnding.test(ending)
}
