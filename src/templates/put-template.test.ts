import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { lifecycleText } from '../../test/kit/lifecycle.ts'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { isLifecycleError } from '../lifecycle/errors.ts'
import { isRegistryError } from '../registry/errors.ts'
import { deleteTemplate } from './delete-template.ts'
import { isTemplateError } from './errors.ts'
import { createTemplate, updateTemplate, type TemplateDeps } from './put-template.ts'
import { parseTemplatePrefix, type TemplatePrefix } from './rules/template-prefix.ts'
import {
  findTemplate,
  listTemplates,
  type Template,
  type TemplateSettings,
} from './template-store.ts'

const by = 'arn:aws:iam::123456789012:user/admin'
const settings: TemplateSettings = {
  description: undefined,
  appliedFor: ['CREATE_ON_PUSH'],
  tagMutability: 'IMMUTABLE',
  resourceTags: [],
  repositoryPolicy: undefined,
  lifecyclePolicy: undefined,
  roleArn: undefined,
}

interface Place {
  readonly registry: TestRegistry
  readonly deps: TemplateDeps
  readonly create: (prefix: string, change?: Partial<TemplateSettings>) => Promise<Template>
  readonly update: (
    prefix: string,
    change: Partial<TemplateSettings>,
    mayStillSet?: boolean,
  ) => Promise<Template>
}

async function placeOf(t: TestContext): Promise<Place> {
  const registry = await testRegistry(t)
  const { account } = registry.repository
  const deps: TemplateDeps = {
    ...registry,
    region: 'eu-central-1',
    defaults: 'secure',
    isAnonymousPullOn: true,
  }
  const asked = (prefix: string, may: boolean) => ({
    account,
    prefix: prefixOf(prefix),
    by,
    mayStillSet: async () => Promise.resolve(may),
  })
  return {
    registry,
    deps,
    create: (prefix, change = {}) =>
      createTemplate(deps, {
        ...asked(prefix, true),
        written: prefix,
        settings: { ...settings, ...change },
      }),
    update: (prefix, change, may = true) =>
      updateTemplate(deps, { ...asked(prefix, may), change: (was) => ({ ...was, ...change }) }),
  }
}

function prefixOf(text: string): TemplatePrefix {
  const prefix = parseTemplatePrefix(text)
  assert.ok(prefix !== undefined, text)
  return prefix
}

function policy(statement: object): string {
  const allow = { Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...allow, ...statement }] })
}

const owner = { AWS: 'arn:aws:iam::123456789012:root' }

test('refuses a second template of a prefix, a change and a deletion of one that is not there, and the fifty-first', async (t) => {
  const { create, update, registry } = await placeOf(t)
  const { account } = registry.repository
  await create('prod/')
  await assert.rejects(
    create('prod'),
    (error) => isTemplateError(error) && error.code === 'TEMPLATE_EXISTS',
  )
  const unknown = (error: unknown): boolean =>
    isTemplateError(error) && error.code === 'TEMPLATE_UNKNOWN'
  await assert.rejects(update('other', {}), unknown)
  await assert.rejects(deleteTemplate(registry, { account, prefix: prefixOf('other') }), unknown)
  for (let number = 1; number < 50; number += 1) await create(`p${number}`)
  await assert.rejects(
    create('one-more'),
    (error) => isTemplateError(error) && error.code === 'TEMPLATES_TOO_MANY',
  )
  await deleteTemplate(registry, { account, prefix: prefixOf('p1') })
  await create('one-more')
})

test('refuses policies that could not be put on the repositories', async (t) => {
  const { create, registry } = await placeOf(t)
  const refused = async (text: string, code: string, words: RegExp): Promise<void> => {
    await assert.rejects(create('prod', { repositoryPolicy: text }), (error) => {
      assert.ok(isRegistryError(error), String(error))
      assert.equal(error.code, code)
      assert.match(error.message, words)
      return true
    })
  }
  await refused('{', 'POLICY_MALFORMED', /line 1, column/)
  await refused(policy({ Action: 's3:GetObject' }), 'POLICY_MALFORMED', /s3/)
  const nobody = { AWS: 'arn:aws:iam::123456789012:user/nobody' }
  await refused(policy({ Principal: nobody }), 'POLICY_MALFORMED', /there is no .*user\/nobody/)
  const one = 'arn:aws:ecr:eu-central-1:123456789012:repository/prod/app'
  await refused(
    policy({ Principal: owner, Resource: one }),
    'POLICY_MALFORMED',
    /write \* or arn:aws:ecr:eu-central-1:123456789012:repository\/prod\/\*/,
  )
  await refused(
    policy({}),
    'POLICY_IS_PUBLIC',
    /everybody pull from the repositories of template prod.*one by one, with force/,
  )
  const lifecyclePolicy = lifecycleText(['1 any count:0'])
  await assert.rejects(create('prod', { lifecyclePolicy }), isLifecycleError)
  const { account } = registry.repository
  assert.equal(await findTemplate(registry.database, account, prefixOf('prod')), undefined)
})

test('what an update does not name stays; what was put by another need not be the updater’s to put', async (t) => {
  const { create, update, registry } = await placeOf(t)
  const all = 'arn:aws:ecr:eu-central-1:123456789012:repository/prod/*'
  const repositoryPolicy = policy({ Principal: owner, Resource: all })
  const lifecyclePolicy = lifecycleText(['1 any count:5'])
  const resourceTags = [{ key: 'team', value: 'blue' }]
  const made = await create('prod/', { repositoryPolicy, lifecyclePolicy, resourceTags })
  registry.clock.advance(1000)
  const changed = await update('prod', { description: 'of the team' }, false)
  const updatedAt = new Date(made.createdAt.getTime() + 1000)
  assert.deepEqual(changed, { ...made, description: 'of the team', updatedAt })
  await assert.rejects(
    update('prod', { repositoryPolicy: policy({ Principal: owner }) }, false),
    (error) => isRegistryError(error) && error.code === 'POLICY_LOCKS_OUT',
  )
  const { account } = registry.repository
  assert.deepEqual(await findTemplate(registry.database, account, made.prefix), changed)
  await update('prod', { repositoryPolicy: undefined, resourceTags: [] })
  const left = await findTemplate(registry.database, account, made.prefix)
  assert.deepEqual([left?.repositoryPolicy, left?.resourceTags], [undefined, []])
})

test('templates are listed by prefix, those of the account alone', async (t) => {
  const { create, registry } = await placeOf(t)
  for (const prefix of ['b', 'ROOT', 'a/b']) await create(prefix)
  const { account } = registry.repository
  const listed = await listTemplates(registry.database, account, { after: 'ROOT', limit: 5 })
  assert.deepEqual(
    listed.map(({ prefix }) => prefix),
    ['a/b', 'b'],
  )
})
