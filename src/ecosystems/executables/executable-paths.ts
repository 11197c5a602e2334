// Where programs and libraries may lie: asked for each entry of each layer, so it looks at nothing but the path.
// The mode says nothing: layers that were copied or repacked often lost it, and libraries need none.

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

/** Texts without an extension that every package brings. */
const textNames = new Set(
  `
  LICENSE LICENCE COPYING COPYRIGHT NOTICE README CHANGES CHANGELOG AUTHORS CONTRIBUTORS
  MAINTAINERS OWNERS CODEOWNERS PATENTS HISTORY NEWS THANKS TODO INSTALL VERSION METADATA
  RECORD WHEEL INSTALLER REQUESTED PKG-INFO MANIFEST DESCRIPTION INDEX NAMESPACE BUILD Kconfig
  Makefile Dockerfile Gemfile Rakefile Procfile Vagrantfile Jenkinsfile CMakeLists Kbuild
  Cakefile Guardfile Podfile Brewfile
`
    .trim()
    .split(/\s+/),
)

/** Folders of the system that hold data, at the root. */
const dataFolders =
  /^(?:etc|proc|sys|dev|boot|var\/(?:cache|log|mail|spool|lib\/(?:dpkg|apt|rpm|apk|pacman|systemd|yum|dnf))|lib\/(?:apk|modules|firmware|terminfo|udev)|usr\/(?:include|lib\/(?:locale|terminfo|modules|firmware|sysimage|sysusers\.d|tmpfiles\.d|udev|apk|debug)|share\/(?:doc|doc-base|man|info|zoneinfo|locale|terminfo|icons|i18n|pixmaps|themes|fonts|licenses|common-licenses|lintian|bug|mime|X11|xml|sgml|bash-completion|zsh|fish|gir-1\.0|pkgconfig|aclocal[^/]*|dict|keyrings|ca-certificates|polkit-1|dbus-1|systemd|cracklib|file|misc|perl|perl5|tcltk|vim|emacs|help|gtk-doc|javadoc|dotnet\/sdk-manifests)))\//

/** Folders that hold no programs wherever they lie. */
const dataFoldersAnywhere =
  /(?:^|\/)(?:\.git|__pycache__|\.hg|\.svn|[^/]*\.(?:dist-info|egg-info|lproj)|zoneinfo|site-packages\/pytz|testdata)\//

/** `fsck.minix`, `rename.ul`: in a folder of programs any ending may be one, but those of scripts and texts. */
const programFolder = /(?:^|\/)s?bin\/[^/]*$/
const scriptEnding =
  /^(?:sh|bash|py|pyc|pl|pm|rb|js|mjs|cjs|ts|lua|tcl|php|bat|cmd|ps1|txt|md|json|ya?ml|xml|conf|cfg|ini|map|service|desktop|gz|xz|zst|bz2|zip|jar)$/

/** Whether a program or library may lie at this path (no leading slash). */
export function mayBeExecutable(path: string): boolean {
  const base = path.slice(path.lastIndexOf('/') + 1)
  const dot = base.lastIndexOf('.')
  if (dot === -1 ? textNames.has(base) : !isProgramEnding(path, base.slice(dot + 1))) return false
  return !dataFolders.test(path) && !dataFoldersAnywhere.test(path)
}

function isProgramEnding(path: string, ending: string): boolean {
  if (endings.has(ending) || endings.has(ending.toLowerCase()) || versionEnding.test(ending))
    return true
  return programFolder.test(path) && !scriptEnding.test(ending)
}
