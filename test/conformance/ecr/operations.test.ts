// The operations that are served, and what they take, held against the model that the installed SDK carries.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ecrOperations } from '../../../src/edges/aws/ecr/operations.ts'
import { compareInput } from './compare-inputs.ts'
import { operationNames } from './sdk-model.ts'

test('every operation of the SDK is served', () => {
  assert.deepEqual([...ecrOperations.keys()].toSorted(), operationNames)
})

/** Why an input of ours differs from the model's; the first that fits counts. */
const reasons: readonly (readonly [differs: RegExp, why: string])[] = [
  [
    / imageTagMutabilityExclusionFilters\.member\.filter pattern$/,
    'held where the refusal can show the filter and the rule',
  ],
  [/\.deleteReplication member$/, 'newer models have it, though the installed SDK does not'],
  [/ upstreamRegistryUrl max$/, 'no address of a registry is longer'],
  [/ appliedFor max$/, 'there are three words for it'],
  [/ prefixes max$/, 'the bound that the model has for names of repositories'],
  [
    / encryptionConfiguration\.kmsKey (?:min|pattern)$/,
    'keys of KMS are refused, however they look',
  ],
  [
    / (?:\S+\.)?imageDigest max$/,
    'longer texts are no digest; they are refused before they are looked at',
  ],
  [/ nextToken max$/, 'the model has no bound; a token of ours is never so long'],
  [
    / layerDigests?(?:\.member)? max$/,
    'the bound that BatchCheckLayerAvailability has in the model',
  ],
  [/ resourceArn max$/, 'the longest ARN of AWS'],
  [
    / (?:tags|tagKeys|resourceTags) max$/,
    'more than 50 is TooManyTagsException; this many are not even counted',
  ],
  [
    / (?:(?:tags|resourceTags)\.member\.(?:Key|Value)|tagKeys\.member) max$/,
    'longer than a tag may be is InvalidTagParameterException; this bounds what conditions are asked about',
  ],
  [
    / (?:acceptedMediaTypes\.member|imageManifestMediaType) max$/,
    'the longest media type that a manifest of ours can have',
  ],
  [
    /^PutImage imageManifest max$/,
    'counted in bytes where the manifest is read, with the same exception',
  ],
  [
    /^PutAccountSetting value (?:min|max)$/,
    'the model has no bound; no setting has a value that is empty or longer',
  ],
  [
    /\.repositoryFilters\.member\.filter pattern$/,
    'the same texts, without the nested repetition that takes exponential time',
  ],
  [
    / imageTagMutability (?:values|max)$/,
    'AWS has a sentence of its own for words outside the enumeration; it is ours too',
  ],
]

const differences = [...ecrOperations.values()].flatMap(({ name, model }) =>
  compareInput(name, model),
)

test('inputs have the members, the required ones, the words and the bounds of the model, but for what is explained', () => {
  const explained = new Set<RegExp>()
  const unexplained = differences.filter(({ at }) => {
    const reason = reasons.find(([differs]) => differs.test(at))
    if (reason !== undefined) explained.add(reason[0])
    return reason === undefined
  })
  assert.deepEqual(unexplained, [])
  const stale = reasons.filter(([differs]) => !explained.has(differs))
  assert.deepEqual(stale, [], 'nothing differs so any more')
})
