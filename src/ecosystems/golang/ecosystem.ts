// Go modules: what programs were built from, and what source trees ask for.
import type { Ecosystem } from '../ecosystem.ts'
import { goBinary } from './go-binary.ts'
import { goMod } from './go-mod.ts'
import { goVendorModules } from './vendor-modules.ts'
import { compareGoVersions } from './version.ts'

export const golang: Ecosystem = {
  type: 'golang',
  extractors: [goBinary, goMod, goVendorModules],
  compareVersions: compareGoVersions,
  purlName: (name) => {
    const slash = name.lastIndexOf('/')
    return slash === -1
      ? { name }
      : { namespace: name.slice(0, slash), name: name.slice(slash + 1) }
  },
  packageManager: 'GOBINARY',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Go',
  // Module paths are exact, `/v2` included: another major version is another module.
  normaliseName: (name) => name,
  // Not also without `/vN`: a record about github.com/x/y often has no fix there, because the fix is in y/v2, and v2.9 would
  // stand in its open range. Go's database has a record under each path that is affected.
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'Go', name, version }] }),
}
