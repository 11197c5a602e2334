// `pratique policy test` as a pipeline runs it: no server, no credentials. The example is the one of docs/policies.md.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program } from '../kit/server-process.ts'

const role = 'arn:aws:iam::123456789012:role/CIDeploymentRole'
const seed = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: role },
      Action: [
        'ecr:PutImage',
        'ecr:InitiateLayerUpload',
        'ecr:UploadLayerPart',
        'ecr:CompleteLayerUpload',
      ],
      Resource: '*',
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: { ArnNotLike: { 'aws:PrincipalArn': role } },
    },
  ],
}

async function policyTest(args: readonly string[]): Promise<Finished> {
  const PATH = process.env['PATH']
  return run(process.execPath, [program, 'policy', 'test', ...args], { env: { PATH } })
}

/** The table of the documentation beside a repository policy, in a folder of their own. */
async function tableBeside(t: TestContext, policy: unknown, change = ''): Promise<string> {
  const folder = join(await temporaryDirectory(t), 'policies')
  await mkdir(folder)
  const docs = await readFile(new URL('../../docs/policies.md', import.meta.url), 'utf8')
  const example = /```yaml\n([\s\S]*?)```/.exec(docs)?.[1] ?? ''
  assert.notEqual(example, '')
  const file = join(folder, 'team-app.yaml')
  await writeFile(join(folder, 'repository-policy.json'), JSON.stringify(policy))
  await writeFile(file, `${example}${change}`)
  return file
}

test('a policy that does not keep its promise ends with 3, and AWS’s sentence says why', async (t) => {
  const [allow] = seed.Statement
  const file = await tableBeside(t, { ...seed, Statement: [allow] })
  const ended = await policyTest([file])
  assert.equal(ended.status, 3, ended.stderr)
  assert.match(
    ended.stdout,
    /nobody else pushes, an administrator included: expected explicit-deny, got allow\n {2}allowed by push\/0/,
  )
  assert.match(ended.stdout, /got implicit-deny\n {2}User: anonymous is not authorized to perform/)
  assert.match(ended.stdout, /team-app\.yaml: 5 of 7 as expected\n$/)
})

test('one that does ends with 0, and as JSON too', async (t) => {
  const file = await tableBeside(t, seed)
  const ended = await policyTest([file])
  assert.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`)
  assert.equal(ended.stdout, `${file}: 7 of 7 as expected\n`)
  const json = await policyTest(['--output', 'json', file])
  assert.equal(json.status, 0)
  const answer = JSON.parse(json.stdout) as {
    schema: string
    tables: { results: Record<string, unknown>[] }[]
  }
  assert.equal(answer.schema, 'pratique.policy-test/1')
  assert.deepEqual(answer.tables[0]?.results[0], {
    name: 'CI pushes',
    principal: 'ci',
    action: 'ecr:InitiateLayerUpload',
    resource: 'team/app',
    expected: 'allow',
    isMet: true,
    decision: 'allow',
    reason: 'allowed by repository/0',
  })
})

test('what cannot be read ends with 1 and says where', async (t) => {
  const file = await tableBeside(t, seed, '  - { principal: ci, expected: allow }\n')
  const misspelt = await policyTest([file])
  assert.equal(misspelt.status, 1)
  assert.match(misspelt.stderr, /tests\/3: there is no expected; expect is near/)
  const broken = await policyTest([await tableBeside(t, { ...seed, Statment: [] })])
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /policy repository 1:\d+: /)
  const noYaml = await policyTest([await tableBeside(t, seed, ' : [\n')])
  assert.equal(noYaml.status, 1)
  const absent = await policyTest([join(file, '..', 'absent.yaml')])
  assert.equal(absent.status, 1)
  assert.match(absent.stderr, /absent\.yaml cannot be read/)
})
