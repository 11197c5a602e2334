// What the rooms do with bundles of vulnerability data and with questions about the data, bound to what they stand on.
import type { AdvisoryRooms } from './edges/control/advisory-routes.ts'
import type { Foundation } from './foundation.ts'
import { programVersion } from './lib/program-version.ts'
import { listBundleKeys } from './scanning/bundles/bundle-store.ts'
import { diffBundle } from './scanning/bundles/diff-bundle.ts'
import { importBundle } from './scanning/bundles/import-bundle.ts'
import { makeBundleKeys } from './scanning/bundles/signing-keys.ts'
import { writingBundle } from './scanning/bundles/write-bundle.ts'
import { diffAdvisories } from './scanning/diff-advisories.ts'
import { isRevisionName } from './scanning/find-revision.ts'
import { searchAdvisories } from './scanning/search-advisories.ts'
import { showAdvisory } from './scanning/show-advisory.ts'
import { parsePublicKeys, type TrustedKey } from './lib/public-keys.ts'

interface AdvisoryDeps {
  /** Whose signatures count on bundles, beside those of this server's own keys. */
  readonly keys: readonly TrustedKey[]
  readonly wake: () => void
}

export function advisoryRooms(foundation: Foundation, { keys, wake }: AdvisoryDeps): AdvisoryRooms {
  const { database, paths } = foundation
  const deps = { ...foundation, temporaryDirectory: paths.temporary }
  return {
    exportBundle: (input, options) => exporting(foundation, input, options),
    async importBundle(input, options) {
      const believed = [...keys, ...(await ownKeys(foundation))]
      const report = await importBundle(deps, { ...input, keys: believed }, options)
      wake()
      return report
    },
    async *diffBundle(input, options) {
      const believed = [...keys, ...(await ownKeys(foundation))]
      yield* diffBundle(deps, { ...input, keys: believed }, options)
    },
    diffAdvisories: (input, options) => diffAdvisories(database, input, options),
    isRevisionName,
    searchAdvisories: (input, options) => searchAdvisories(database, input, options),
    showAdvisory: (input) => showAdvisory(database, input),
    listBundleKeys: () => listBundleKeys(database),
    makeBundleKeys: (input) => makeBundleKeys(foundation, input),
  }
}

async function* exporting(
  foundation: Foundation,
  input: Parameters<AdvisoryRooms['exportBundle']>[0],
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const deps = {
    ...foundation,
    temporaryDirectory: foundation.paths.temporary,
    programVersion: await programVersion(),
  }
  yield* writingBundle(deps, input, options)
}

/** What this server signed it believes. */
async function ownKeys({ database }: Foundation): Promise<readonly TrustedKey[]> {
  const own = await listBundleKeys(database)
  const read = parsePublicKeys(own.map(({ publicKey }) => publicKey).join('\n'))
  return read.kind === 'keys' ? read.keys : []
}
