// `pratique policy lint` as a pipeline runs it: no server, no credentials.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program } from '../kit/server-process.ts'

async function lint(args: readonly string[], input = ''): Promise<Finished> {
  const PATH = process.env['PATH']
  return run(process.execPath, [program, 'policy', 'lint', ...args], { env: { PATH }, input })
}

const clean = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::999988887777:role/ci/Deploy' },
    Action: 'ecr:DescribeImages',
  },
}

test('says what it finds at its line, and ends with 3 for errors and security warnings', async (t) => {
  const file = join(await temporaryDirectory(t), 'policy.json')
  await writeFile(
    file,
    '{"Statement": [{\n "Effect": "Allow", "Action": "ecr:*", "Principal": "*" }]}',
  )
  const found = await lint([file])
  assert.equal(found.status, 3, found.stderr)
  assert.match(
    found.stdout,
    /policy\.json:2:40 SECURITY_WARNING PUBLIC_PRINCIPAL\n {2}\S.*\n {2}\S/,
  )
  assert.match(found.stdout, /policy\.json:1:1 WARNING MISSING_VERSION/)
  assert.match(found.stdout, /policy\.json: \d+ findings, read as a policy of the kind repository/)
})

test('warnings and suggestions end with 0, as does nothing at all', async () => {
  const nothing = await lint(['-'], JSON.stringify(clean))
  assert.equal(nothing.status, 0, nothing.stdout)
  assert.match(nothing.stdout, /^-: nothing found, read as a policy of the kind repository$/m)
  const warned = await lint(['-'], JSON.stringify({ ...clean, Version: '2008-10-17' }))
  assert.equal(warned.status, 0, warned.stdout)
  assert.match(warned.stdout, /WARNING OLD_VERSION/)
})

test('the kind, the account and the repository change what is found; JSON has the words of ValidatePolicy', async (t) => {
  const file = join(await temporaryDirectory(t), 'trust.json')
  const statement = { ...clean.Statement, Action: 'sts:AssumeRole' }
  await writeFile(file, JSON.stringify({ ...clean, Statement: statement }))
  const trust = await lint(['--output', 'json', '--account', '123456789012', file])
  assert.equal(trust.status, 3, trust.stderr)
  const answer = JSON.parse(trust.stdout) as Readonly<Record<string, unknown>>
  assert.deepEqual(answer, {
    schema: 'pratique.policy-lint/1',
    policies: [
      {
        file,
        kind: 'trust',
        findings: [
          {
            findingType: 'SECURITY_WARNING',
            issueCode: 'CROSS_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID',
            findingDetails: '"arn:aws:iam::999988887777:role/ci/Deploy" is of another account',
            remedy:
              'add "StringEquals": {"sts:ExternalId": "..."} with a value that the other side was given',
            locations: [{ pointer: '/Statement/Principal/AWS', line: 1, column: 74 }],
          },
        ],
      },
    ],
  })
  const scp = await lint(['--kind', 'scp', file])
  assert.match(scp.stdout, /ERROR UNSUPPORTED_PRINCIPAL_ELEMENT/)
  const other = { ...clean.Statement, Resource: 'arn:aws:ecr:us-east-1:123456789012:repository/b' }
  const repository = ['--repository', 'arn:aws:ecr:us-east-1:123456789012:repository/a']
  const foreign = await lint([...repository, '-'], JSON.stringify({ ...clean, Statement: other }))
  assert.match(foreign.stdout, /ERROR UNSUPPORTED_RESOURCE_ARN_IN_POLICY/)
})

test('several files are each told; wrong usage ends with 2, a file that cannot be read with 1', async (t) => {
  const directory = await temporaryDirectory(t)
  const [one, two] = [join(directory, 'one.json'), join(directory, 'two.json')]
  await writeFile(one, JSON.stringify(clean))
  await writeFile(two, '\uFEFF{}')
  const both = await lint([one, two])
  assert.equal(both.status, 3)
  assert.match(both.stdout, /one\.json: nothing found[^]*two\.json:1:1 ERROR INVALID_CHARACTER/)
  assert.equal((await lint(['--kind', 'nonsense', one])).status, 2)
  assert.equal((await lint(['--account', '12', one])).status, 2)
  assert.equal((await lint(['--repository', 'team/app', one])).status, 2)
  assert.equal((await lint([])).status, 2)
  const missing = await lint([join(directory, 'three.json')])
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /three\.json cannot be read/)
})
