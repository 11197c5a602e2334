// Purpose:  read the list of modules in a Go program's build information.
// Spec:     Go, runtime/debug.ParseBuildInfo: lines `path`, `mod`, `dep`, `=>` and `build`, parted by tabs.
// Input:    text that the linker wrote; hostile.
// Deviates: nothing.
// Unknowns: lines of other kinds say nothing about modules and are passed over; a line without a version is not a module.

export interface ModuleVersion {
  readonly path: string
  readonly version: string
}

export interface ModuleList {
  /** Of the main package: `cmd/go`, `command-line-arguments`. */
  readonly packagePath: string | undefined
  readonly main: ModuleVersion | undefined
  /** Replacements stand for what they replace. */
  readonly dependencies: readonly ModuleVersion[]
  /** `-ldflags` and the like. */
  readonly settings: ReadonlyMap<string, string>
  readonly isTruncated: boolean
}

/** What Go calls a module that was built from a folder: no version. */
export const developmentVersion = '(devel)'

const maxLines = 20_000
const maxSettings = 200

interface ListedModule extends ModuleVersion {
  readonly isMain: boolean
}

export function parseModuleList(text: string): ModuleList {
  const modules: ListedModule[] = []
  const settings = new Map<string, string>()
  let packagePath: string | undefined
  const lines = text.split('\n', maxLines + 1)
  for (const line of lines.slice(0, maxLines)) {
    const [kind = '', ...fields] = line.split('\t')
    if (kind === 'path') packagePath = fields[0]
    else if (kind === 'build') keepSetting(settings, fields[0] ?? '')
    else keepModule(modules, kind, fields)
  }
  return {
    packagePath,
    main: modules.find(({ isMain }) => isMain),
    dependencies: modules.filter(({ isMain }) => !isMain),
    settings,
    isTruncated: lines.length > maxLines,
  }
}

function keepModule(modules: ListedModule[], kind: string, fields: readonly string[]): void {
  if (kind === '=>') {
    const last = modules.pop()
    const put = replacementOf(fields, last)
    if (put !== undefined && last !== undefined) modules.push({ ...put, isMain: last.isMain })
    return
  }
  const named = kind === 'mod' || kind === 'dep' ? moduleOf(fields) : undefined
  if (named !== undefined) modules.push({ ...named, isMain: kind === 'mod' })
}

function moduleOf([path = '', version = '']: readonly string[]): ModuleVersion | undefined {
  return path === '' || version === '' ? undefined : { path, version }
}

/** A replacement that is a folder has no version: the module keeps its name, and nobody knows what is in it. */
export function replacementOf(
  fields: readonly string[],
  original: ModuleVersion | undefined,
): ModuleVersion | undefined {
  const replacement = moduleOf(fields)
  const isFolder = /^(?:\.{0,2}\/|\.{1,2}$|[A-Za-z]:[\\/])/.test(fields[0] ?? '')
  if (replacement !== undefined && !isFolder && replacement.version !== developmentVersion)
    return replacement
  return original === undefined ? undefined : { path: original.path, version: developmentVersion }
}

function keepSetting(settings: Map<string, string>, field: string): void {
  const [, key, value] = /^"?([^="]+)"?=(.*)$/s.exec(field) ?? []
  if (key === undefined || value === undefined || settings.size >= maxSettings) return
  settings.set(key, unquoted(value))
}

/** Values with spaces are quoted as in Go source. */
function unquoted(value: string): string {
  if (value.startsWith('`') && value.endsWith('`')) return value.slice(1, -1)
  if (!value.startsWith('"') || !value.endsWith('"') || value.length < 2) return value
  return value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
}
