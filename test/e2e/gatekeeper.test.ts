// The constraint template that ships, by Gatekeeper's own tool. That tool asks no providers, so what a provider answered is given to it.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run } from '../kit/run.ts'

const shipped = fileURLToPath(new URL('../../deploy/gatekeeper/template.yaml', import.meta.url))
const call = 'answer := external_data({"provider": provider, "keys": keys})'

const good = { succeeded: true, reasons: [] }
const bad = {
  succeeded: false,
  reasons: [
    { code: 'finding', outcome: 'deny', message: 'CVE-2021-23337 in lodash 4.17.20' },
    { code: 'in-grace', outcome: 'info', message: 'not yet' },
  ],
}
const answered = (...responses: readonly (readonly [string, unknown])[]): unknown => ({
  responses,
  errors: [],
  status_code: 200,
  system_error: '',
})

const containers = [{ name: 'c', image: 'app:1' }]
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'prod' },
  spec: { containers },
}
const templated = { template: { metadata: { labels: { app: 'a' } }, spec: { containers } } }
const everywhere = {
  ...pod,
  spec: {
    containers,
    initContainers: [{ name: 'i', image: 'init:1' }],
    ephemeralContainers: [{ name: 'e', image: 'debug:1' }],
    volumes: [{ name: 'v', image: { reference: 'data:1' } }],
  },
}

interface TemplateCase {
  readonly name: string
  readonly object: object
  readonly answer: unknown
  /** Messages, as patterns. */
  readonly denied: readonly string[]
}

const object = (apiVersion: string, kind: string, members: object): object => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'prod' },
  ...members,
})

const cases: readonly TemplateCase[] = [
  { name: 'good', object: pod, answer: answered(['[prod]app:1', good]), denied: [] },
  { name: 'bad', object: pod, answer: answered(['[prod]app:1', bad]), denied: ['CVE-2021-23337'] },
  { name: 'no answer for the key', object: pod, answer: answered(), denied: ['no answer'] },
  {
    name: 'an error of the key',
    object: pod,
    answer: { responses: [], errors: [['[prod]app:1', 'is no image']], system_error: '' },
    denied: ['is no image'],
  },
  {
    name: 'the provider is broken',
    object: pod,
    answer: {
      responses: [],
      errors: [],
      system_error: 'Post "https://localhost:5443/admission/id.token/provider": connection refused',
    },
    // Without the token that the address has.
    denied: ['/admission/\\.\\.\\./provider": connection refused', 'no answer'],
  },
  {
    name: 'another key is good',
    object: pod,
    answer: answered(['[test]app:1', good]),
    denied: ['app:1 is denied'],
  },
  {
    name: 'every place',
    object: everywhere,
    answer: answered(['[prod]app:1', good]),
    denied: ['init:1', 'debug:1', 'data:1'],
  },
  {
    name: 'a deployment',
    object: object('apps/v1', 'Deployment', { spec: templated }),
    answer: answered(['[prod]app:1', bad]),
    denied: ['CVE-2021-23337'],
  },
  {
    name: 'a cron job',
    object: object('batch/v1', 'CronJob', { spec: { jobTemplate: { spec: templated } } }),
    answer: answered(['[prod]app:1', bad]),
    denied: ['CVE-2021-23337'],
  },
  {
    name: 'a pod template',
    object: object('v1', 'PodTemplate', templated),
    answer: answered(['[prod]app:1', bad]),
    denied: ['CVE-2021-23337'],
  },
]

test('the template that ships asks once, and denies what is not proven good', async (t) => {
  const text = await readFile(shipped, 'utf8')
  assert.equal(text.split(call).length, 2)
  assert.equal(text.split('external_data(').length, 2)
  await t.test('by gator', { skip: missing('gator') }, async (inner) => {
    const directory = await temporaryDirectory(inner)
    const tried = text.replace(call, 'answer := input.parameters.answer')
    await writeFile(join(directory, 'template.yaml'), tried)
    const tests = []
    for (const [at, one] of cases.entries()) tests.push(await writeCase(directory, at, one))
    const suite = { apiVersion: 'test.gatekeeper.sh/v1alpha1', kind: 'Suite', tests }
    await writeFile(join(directory, 'suite.yaml'), stringify(suite))
    const ran = await run('gator', ['verify', join(directory, 'suite.yaml'), '-v'])
    assert.equal(ran.status, 0, ran.stdout + ran.stderr)
    for (const { name } of cases) assert.ok(ran.stdout.includes(`--- PASS: ${name}`), name)
  })
})

async function writeCase(
  directory: string,
  at: number,
  { name, object: given, answer, denied }: TemplateCase,
): Promise<unknown> {
  const [constraint, file] = [`constraint-${at}.yaml`, `object-${at}.yaml`]
  await mkdir(directory, { recursive: true })
  await writeFile(
    join(directory, constraint),
    stringify({
      apiVersion: 'constraints.gatekeeper.sh/v1beta1',
      kind: 'PratiqueAdmission',
      metadata: { name: `case-${at}` },
      spec: { parameters: { answer } },
    }),
  )
  await writeFile(join(directory, file), stringify(given))
  const assertions =
    denied.length === 0
      ? [{ violations: 'no' }]
      : [{ violations: denied.length }, ...denied.map((message) => ({ violations: 1, message }))]
  return {
    name,
    template: 'template.yaml',
    constraint,
    cases: [{ name, object: file, assertions }],
  }
}
