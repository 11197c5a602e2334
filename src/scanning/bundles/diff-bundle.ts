import type { SqlReader } from '../../storage/database/database.ts'
import { readAdvisoryState } from '../advisory-state-store.ts'
import { tellDifferences, type DifferenceLine, type SourceDifferences } from '../diff-advisories.ts'
import { scanningError } from '../errors.ts'
import { findRecord } from './bundle-store.ts'
import type { PartDeps } from './part-files.ts'
import { openBundle, type OpenBundleInput, type OpenedBundle } from './read-bundle.ts'
import { readBundleRecords, type BundleLine } from './read-records.ts'
import type { BundleSource } from '../rules/bundle-manifest.ts'
import { compareStates } from '../rules/compare-states.ts'
import { contentOf, recordHashes } from './states.ts'

type Options = { readonly signal: AbortSignal }

/**
 * What the import of a bundle would change, as `diffAdvisories` tells it; nothing is changed. A delta is refused where it starts
 * from another state than the one in force.
 */
export async function* diffBundle(
  deps: PartDeps & { readonly database: SqlReader },
  input: OpenBundleInput,
  options: Options,
): AsyncGenerator<DifferenceLine, void> {
  const bundle = await openBundle(deps, input, options)
  try {
    const { revision } = await readAdvisoryState(deps.database)
    const sources: SourceDifferences[] = []
    for (const source of bundle.manifest.sources)
      sources.push(yield* diffSource(deps.database, { bundle, source, revision }, options))
    yield {
      kind: 'summary',
      from: `revision ${revision}`,
      to: `bundle ${bundle.manifest.id}`,
      sources: sources.filter(({ added, changed, removed }) => added + changed + removed > 0),
    }
  } finally {
    await bundle.close()
  }
}

async function* diffSource(
  reader: SqlReader,
  given: {
    readonly bundle: OpenedBundle
    readonly source: BundleSource
    readonly revision: number
  },
  options: Options,
): AsyncGenerator<DifferenceLine, SourceDifferences> {
  const { bundle, source, revision } = given
  const at = { source: source.name, revision }
  const inForce = (await contentOf(reader, at, options))?.contentHash
  const same = { source: source.name, added: 0, changed: 0, removed: 0, textsOnly: 0 }
  if (inForce === source.contentHash) return same
  const isDelta = bundle.manifest.base !== undefined
  const { part } = source
  if (part === undefined || (isDelta && inForce !== source.base)) {
    const message = `the bundle holds what changed since a state in which ${source.name} is not here`
    throw scanningError('BUNDLE_BASE_DIFFERS', message)
  }
  // One record of the bundle is held: the one that is compared.
  const held: { text: string } = { text: '' }
  const lines = readBundleRecords(bundle.directory, part, { isDelta })
  return yield* tellDifferences(
    {
      source: source.name,
      steps: changedSteps(compareStates(recordHashes(reader, at, options), lines), isDelta, held),
      before: (key) => findRecord(reader, { ...at, key }),
      after: () => Promise.resolve(held.text),
    },
    options,
  )
}

/** What a delta does not speak of stays. */
async function* changedSteps(
  steps: ReturnType<
    typeof compareStates<{ readonly key: string; readonly hash: string }, BundleLine>
  >,
  isDelta: boolean,
  held: { text: string },
): AsyncGenerator<{
  readonly key: string
  readonly before: { readonly hash: string } | undefined
  readonly after: { readonly hash: string } | undefined
}> {
  for await (const { key, before, after } of steps) {
    if (after === undefined && isDelta) continue
    held.text = after?.text ?? ''
    const hash = after?.hash
    yield { key, before, after: hash === undefined ? undefined : { hash } }
  }
}
