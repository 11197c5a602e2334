import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { lifecycleText } from '../../test/kit/lifecycle.ts'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { findLifecyclePolicy } from '../lifecycle/lifecycle-policy-store.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { isRegistryError } from '../registry/errors.ts'
import { findRepositoryPolicy } from '../registry/repository-policy-store.ts'
import {
  findRepository,
  type Repository,
  type RepositoryAddress,
} from '../registry/repository-store.ts'
import { listRepositoryTags } from '../registry/repository-tag-store.ts'
import { createOnPush } from './create-on-push.ts'
import { isTemplateError } from './errors.ts'
import { findTarget, type FutureTarget } from './find-target.ts'
import { createTemplate, updateTemplate, type TemplateDeps } from './put-template.ts'
import { parseTemplatePrefix } from './rules/template-prefix.ts'
import type { Template, TemplateSettings } from './template-store.ts'

const region = 'us-east-1'
const by = 'arn:aws:iam::123456789012:user/dev'
const prefix = parseTemplatePrefix('team') ?? assert.fail()
const policyFor = (principal: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'ecr:BatchGetImage' }],
  })
const settings: TemplateSettings = {
  description: undefined,
  appliedFor: ['CREATE_ON_PUSH'],
  tagMutability: 'MUTABLE',
  resourceTags: [{ key: 'team', value: 'blue' }],
  repositoryPolicy: policyFor('arn:aws:iam::123456789012:root'),
  lifecyclePolicy: lifecycleText(['1 any count:5']),
  roleArn: undefined,
}

interface Place {
  readonly registry: TestRegistry
  readonly address: RepositoryAddress
  readonly template: Template
  readonly change: (change: Partial<TemplateSettings>) => Promise<Template>
  readonly future: () => Promise<FutureTarget>
  readonly push: (
    template?: Template,
    gate?: () => Promise<void>,
  ) => Promise<Repository | undefined>
}

async function placeOf(t: TestContext): Promise<Place> {
  const registry = await testRegistry(t)
  const { account } = registry.repository
  const name = parseRepositoryName('team/new') ?? assert.fail()
  const address = { account, name }
  const templates: TemplateDeps = {
    ...registry,
    region,
    defaults: 'secure',
    isAnonymousPullOn: false,
  }
  const asked = { account, prefix, by, mayStillSet: async () => Promise.resolve(true) }
  const template = await createTemplate(templates, { ...asked, written: 'team', settings })
  const deps = {
    ...registry,
    region,
    defaults: 'secure',
    isAccount: async () => Promise.resolve(false),
  } as const
  return {
    registry,
    address,
    template,
    change: (change) =>
      updateTemplate(templates, { ...asked, change: (was) => ({ ...was, ...change }) }),
    async future() {
      const target = await findTarget(registry.database, region, address, 'CREATE_ON_PUSH')
      if (target.kind !== 'future') throw new Error(target.kind)
      return target
    },
    push: (judged = template, gate = async () => Promise.resolve()) =>
      createOnPush(deps, { repository: address, template: judged, by, gate }),
  }
}

test('what the gate refuses leaves nothing, nor does a push that has no room', async (t) => {
  const { registry, address, push } = await placeOf(t)
  const { database } = registry
  const refusal = new Error('not any more')
  await assert.rejects(
    push(undefined, async () => Promise.reject(refusal)),
    refusal,
  )
  for (const limit of ['max_images = 0', 'max_images = NULL, max_bytes = 0']) {
    await database.transaction((tx) => tx.run(`UPDATE accounts SET ${limit}`))
    await assert.rejects(
      push(),
      (error) => isRegistryError(error) && error.code === 'QUOTA_EXCEEDED',
    )
  }
  assert.equal(await findRepository(database, address), undefined)
  const left = await database.all(
    'SELECT tag_key FROM repository_tags UNION SELECT document FROM repository_policies UNION SELECT text FROM lifecycle_policies',
  )
  assert.deepEqual(left, [])
})

test('a template that was changed since it was judged is not applied', async (t) => {
  const { registry, address, change, push, template } = await placeOf(t)
  const changed = await change({ resourceTags: [] })
  assert.equal(await push(template), undefined)
  assert.equal(await findRepository(registry.database, address), undefined)
  assert.ok((await push(changed)) !== undefined)
})

test('a policy that names somebody who is gone makes no repository, and says what is wrong', async (t) => {
  const { registry, change, future } = await placeOf(t)
  await registry.database.transaction((tx) =>
    tx.run(
      `INSERT INTO users (id, account, name, name_key, path, created_at) VALUES ('AIDAGONE', '123456789012', 'gone', 'gone', '/', 1)`,
    ),
  )
  await change({ repositoryPolicy: policyFor('arn:aws:iam::123456789012:user/gone') })
  assert.equal((await future()).fault, undefined)
  await registry.database.transaction((tx) => tx.run(`DELETE FROM users WHERE id = 'AIDAGONE'`))
  const { fault } = await future()
  assert.ok(isTemplateError(fault) && fault.code === 'TEMPLATE_UNUSABLE')
  assert.match(
    fault.message,
    /^the repository creation template team cannot be applied: .*there is no .*user\/gone/,
  )
})

test('of pushes that race one makes the repository, with all that its template says', async (t) => {
  const { registry, address, push, template } = await placeOf(t)
  const { database } = registry
  const made = await Promise.all(Array.from({ length: 10 }, () => push()))
  const [repository, ...others] = made.filter((one) => one !== undefined)
  assert.ok(repository !== undefined && others.length === 0)
  const { tagMutability, scanOnPush } = repository
  assert.deepEqual([tagMutability, scanOnPush], ['MUTABLE', true])
  assert.deepEqual(await listRepositoryTags(database, repository.id), template.resourceTags)
  const policy = await findRepositoryPolicy(database, repository.id)
  assert.equal(policy?.document, template.repositoryPolicy)
  const lifecycle = await findLifecyclePolicy(database, repository.id)
  assert.equal(lifecycle?.text, template.lifecyclePolicy)
  const jobs = await database.all(`SELECT key FROM jobs WHERE kind = 'lifecycle-run'`)
  assert.deepEqual(
    jobs.map(({ key }) => key),
    [String(repository.id)],
  )
  const target = await findTarget(database, region, address, 'CREATE_ON_PUSH')
  assert.deepEqual(target, { kind: 'there' })
})

test('there is no target on another occasion, or where no template is for the name', async (t) => {
  const { registry, address } = await placeOf(t)
  const { database } = registry
  const other = await findTarget(database, region, address, 'REPLICATION')
  assert.deepEqual(other, { kind: 'absent' })
  const name = parseRepositoryName('teams/new') ?? assert.fail()
  const beside = await findTarget(database, region, { ...address, name }, 'CREATE_ON_PUSH')
  assert.deepEqual(beside, { kind: 'absent' })
})
