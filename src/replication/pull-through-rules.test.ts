import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { isRegistryError } from '../registry/errors.ts'
import { repositoryUnknown } from '../registry/repository-store.ts'
import {
  changePullThroughRule,
  deletePullThroughRule,
  getPullThroughRule,
} from './change-pull-through-rule.ts'
import { createPullThroughRule } from './create-pull-through-rule.ts'
import { isReplicationError, type ReplicationErrorCode } from './errors.ts'
import { listPullThroughRules, type PullThroughRule } from './pull-through-rule-store.ts'
import { tellPullThrough } from './tell-pull-through.ts'
import { maxPullThroughRules } from './rules/pull-through-rules.ts'

const by = 'arn:aws:iam::123456789012:user/admin'
const secret = (name: string): string =>
  `arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/${name}`
const refused =
  (code: ReplicationErrorCode, words = /./) =>
  (error: unknown): boolean =>
    isReplicationError(error) && error.code === code && words.test(error.message)

async function create(
  registry: TestRegistry,
  writtenPrefix: string,
  rule: Partial<Parameters<typeof createPullThroughRule>[1]> = {},
): Promise<PullThroughRule> {
  return createPullThroughRule(registry, {
    account: registry.repository.account,
    writtenPrefix,
    upstreamUrl: 'quay.io',
    upstream: undefined,
    upstreamPrefix: undefined,
    credentialArn: undefined,
    customRoleArn: undefined,
    by,
    ...rule,
  })
}

test('a rule that cannot hold, is there already, or is one too many is refused', async (t) => {
  const registry = await testRegistry(t)
  await assert.rejects(
    create(registry, 'hub', { upstreamUrl: 'registry-1.docker.io' }),
    refused('PULL_THROUGH_RULE_INVALID', /^credentialArn must be given/),
  )
  await assert.rejects(
    create(registry, 'ROOT', { upstreamPrefix: 'x' }),
    refused('PULL_THROUGH_RULE_INVALID', /upstreamRepositoryPrefix/),
  )
  await assert.rejects(
    create(registry, 'hub', { upstreamUrl: 'docker.io' }),
    refused('UPSTREAM_UNSUPPORTED', /registry-1\.docker\.io/),
  )
  assert.equal((await create(registry, 'quay/')).writtenPrefix, 'quay/')
  await assert.rejects(create(registry, 'quay'), refused('PULL_THROUGH_RULE_EXISTS'))
  for (let n = 1; n < maxPullThroughRules; n += 1) await create(registry, `quay/${n}`)
  await assert.rejects(create(registry, 'more'), refused('PULL_THROUGH_RULES_TOO_MANY'))
})

test('a rule is found with or without its slash, its way in is changed and nothing else, and it goes', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock } = registry
  const { account } = registry.repository
  const named = { account, prefix: 'hub/' }
  const unknown = refused('PULL_THROUGH_RULE_UNKNOWN')
  const nothing = { credentialArn: undefined, customRoleArn: undefined }
  await assert.rejects(getPullThroughRule(database, named), unknown)
  await assert.rejects(changePullThroughRule(registry, { ...named, ...nothing }), unknown)
  await assert.rejects(deletePullThroughRule(registry, named), unknown)
  const upstreamUrl = 'registry-1.docker.io'
  const made = await create(registry, 'hub', { upstreamUrl, credentialArn: secret('one') })
  assert.deepEqual(await getPullThroughRule(database, named), made)
  const invalid = refused('PULL_THROUGH_RULE_INVALID')
  await assert.rejects(changePullThroughRule(registry, { ...named, ...nothing }), invalid)
  const customRoleArn = 'arn:aws:iam::123456789012:role/pull'
  const withRole = changePullThroughRule(registry, { ...named, ...nothing, customRoleArn })
  await assert.rejects(withRole, invalid)
  clock.advance(1000)
  const credentialArn = secret('two')
  await changePullThroughRule(registry, { ...named, ...nothing, credentialArn })
  const changed = { ...made, credentialArn, changedAt: clock.now() }
  assert.deepEqual(await getPullThroughRule(database, named), changed)
  assert.deepEqual(await deletePullThroughRule(registry, named), changed)
  await assert.rejects(getPullThroughRule(database, named), unknown)
})

test('who pulls what is not there is told of the rule that is about it, and that nothing is fetched', async (t) => {
  const registry = await testRegistry(t)
  const { database, repository } = registry
  const name = parseRepositoryName('hub/library/nginx') ?? assert.fail()
  const asked = { ...repository, name }
  const told = async (error: unknown): Promise<unknown> => tellPullThrough(database, asked, error)
  const absent = repositoryUnknown(asked)
  assert.equal(await told(absent), absent, 'without a rule')
  const upstreamUrl = 'registry-1.docker.io'
  await create(registry, 'ROOT')
  await create(registry, 'hub', { upstreamUrl, credentialArn: secret('one') })
  const sentence = await told(absent)
  assert.ok(isRegistryError(sentence) && sentence.code === 'REPOSITORY_UNKNOWN')
  assert.equal(
    sentence.message,
    "repository hub/library/nginx does not exist; by the pull through cache rule 'hub' it would be library/nginx of registry-1.docker.io, and this version fetches nothing by such rules",
  )
  const other = new Error('a bug')
  assert.equal(await told(other), other)
})

test('a walk meets each rule that stays exactly once, and none twice, while rules come and go', async (t) => {
  const registry = await testRegistry(t)
  const { database } = registry
  const { account } = registry.repository
  const prefixes = Array.from('abcdefgh', (letter) => `p-${letter}`)
  const change = fc.record({ prefix: fc.constantFrom(...prefixes), isNew: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...prefixes), { maxLength: 6 }),
      fc.array(change, { maxLength: 6 }),
      fc.integer({ min: 1, max: 3 }),
      async (made, changes, limit) => {
        await database.transaction((tx) => tx.run('DELETE FROM pull_through_rules'))
        for (const prefix of made) await create(registry, prefix)
        const here = new Set(made)
        const stays = new Set(made)
        const met: string[] = []
        for (let page = 0; page < 20; page += 1) {
          const after = met.at(-1) ?? ''
          const found = await listPullThroughRules(database, account, { after, limit })
          met.push(...found.map(({ prefix }) => prefix))
          if (found.length < limit) break
          const next = changes[page]
          if (next === undefined || here.has(next.prefix) === next.isNew) continue
          stays.delete(next.prefix)
          if (next.isNew) {
            here.add(next.prefix)
            await create(registry, next.prefix)
          } else {
            here.delete(next.prefix)
            await deletePullThroughRule(registry, { account, prefix: next.prefix })
          }
        }
        assert.equal(new Set(met).size, met.length)
        for (const prefix of stays) assert.ok(met.includes(prefix), prefix)
      },
    ),
    { numRuns: fuzzRuns(20), seed: fuzzSeed() },
  )
})
