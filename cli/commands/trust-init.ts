import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import {
  encodeName,
  issueLeaf,
  issueRoot,
  type IssuedTimes,
} from '../../src/signatures/x509/issue-certificate.ts'
import { certificatePem } from '../../src/signatures/x509/certificate-pem.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { note, say } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const base = '/pratique/v1/trust'
const day = 86_400_000
const namePattern = /^[a-z0-9][a-z0-9-]{0,39}$/
/** Clocks of those who verify go before ours now and then. */
const backdatedMs = 300_000

interface InitFlags {
  readonly name: string
  readonly repositories: string
  readonly days: string
  readonly filesOnly?: true
}

export function addInitCommand(trust: Command): void {
  trust
    .command('init')
    .argument('[directory]', 'where the files go', 'trust')
    .option('--name <name>', 'of the signer, its store and its policy', 'test')
    .option('--repositories <pattern>', 'whose images the policy is about', '*')
    .option('--days <number>', 'for how long the certificate holds, 1 to 365', '90')
    .option('--files-only', 'write the files and put nothing on the server')
    .description('Make a test certificate authority, a key that it certifies, and a policy on it.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust init\n  pratique sign team/app:1.0 --key-file trust/key.pem --cert-chain trust/chain.pem\n\nFor a start and for tests: whoever has the key signs, and the authority signs no second certificate, since its own key is\nthrown away. For what lasts, let the server sign: docs/signing.md.\n\nExit codes: 0 made, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(init)
}

async function init(directory: string, flags: InitFlags): Promise<void> {
  const { name, repositories } = flags
  const days = Number(flags.days)
  if (!namePattern.test(name))
    throw new Failure(exitCodes.usage, `--name ${name} is not 1 to 40 of a-z, 0-9 and -`)
  if (!/^\d{1,3}$/.test(flags.days) || days < 1 || days > 365)
    throw new Failure(exitCodes.usage, `--days ${flags.days} is not a number from 1 to 365`)
  if (!/^[a-z0-9._/*-]{1,256}$/.test(repositories))
    throw new Failure(exitCodes.usage, `--repositories ${repositories} is no name with *`)
  if (flags.filesOnly !== true) await refuseTaken(name)
  const made = makeAuthority(name, days)
  const policy = policyOn(name, repositories)
  const files = { 'key.pem': made.key, 'chain.pem': made.chain, 'root.pem': made.root }
  await writeFiles(directory, { ...files, 'policy.yaml': policy })
  say(`made ${join(directory, 'key.pem')}, its certificate, their root and a policy`)
  try {
    if (flags.filesOnly !== true) await putOnServer(name, { root: made.root, policy })
  } catch (error) {
    // The files are there, and are not made again: what is left is to put them.
    sayNext(directory, name, true)
    throw error
  }
  sayNext(directory, name, flags.filesOnly === true)
}

/** In its place the other policy, and whatever is verified under it, would no longer count. */
async function refuseTaken(name: string): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', `${base}/policies`)
  const { policies } = await jsonOf<{ readonly policies: readonly { readonly name: string }[] }>(
    answer,
  )
  if (!policies.some((policy) => policy.name === name)) return
  const advice = 'choose another one by --name, or write the files alone with --files-only'
  throw new Failure(exitCodes.usage, `there is a trust policy ${name} already`, advice)
}

function makeAuthority(
  name: string,
  days: number,
): { readonly key: string; readonly chain: string; readonly root: string } {
  const notBefore = new Date().getTime() - backdatedMs
  const times = (): IssuedTimes => ({
    serial: randomBytes(16),
    notBefore,
    notAfter: notBefore + days * day,
  })
  const subject = { country: 'XX', state: 'Test', organization: name }
  const rootName = { ...subject, commonName: 'test authority' }
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const root = issueRoot(rootName, authority, times())
  const leaf = issueLeaf(
    { name: { ...subject, commonName: 'signer' }, publicKey, purpose: 'codeSigning' },
    { nameDer: encodeName(rootName), key: authority },
    times(),
  )
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    chain: certificatePem(leaf) + certificatePem(root),
    root: certificatePem(root),
  }
}

function policyOn(name: string, repositories: string): string {
  return `version: 1
name: ${name}
repositories: [${JSON.stringify(repositories)}]
accept:
  - id: ${name}
    notation:
      stores: [ca:${name}]
      identities: ['x509.subject: C=XX, ST=Test, O=${name}']
`
}

/** A key that is there already may be in use: nothing is written over. */
async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const file of Object.keys(files)) {
    const path = join(directory, file)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere)
      throw new Failure(exitCodes.usage, `${path} is there already`, 'name another directory')
  }
  for (const [file, content] of Object.entries(files))
    await writeFile(join(directory, file), content, { mode: file === 'key.pem' ? 0o600 : 0o644 })
}

async function putOnServer(
  name: string,
  { root, policy }: { readonly root: string; readonly policy: string },
): Promise<void> {
  const session = openSession(configOf({}))
  const query = new URLSearchParams({ kind: 'store', name: `ca:${name}` }).toString()
  const pem = { stream: new Blob([root]).stream(), type: 'text/plain' }
  await callServer(session, 'POST', `${base}/material?${query}`, pem)
  const body = { stream: new Blob([policy]).stream(), type: 'application/yaml' }
  await callServer(session, 'POST', `${base}/policy`, body)
  say(`the store ca:${name} and the trust policy ${name} are in force`)
}

function sayNext(directory: string, name: string, isOnFilesOnly: boolean): void {
  const put = isOnFilesOnly
    ? [
        `pratique trust store add ca:${name} ${join(directory, 'root.pem')}`,
        `pratique trust set ${join(directory, 'policy.yaml')}`,
      ]
    : []
  const key = `--key-file ${join(directory, 'key.pem')} --cert-chain ${join(directory, 'chain.pem')}`
  const steps = [
    ...put,
    `pratique sign REPOSITORY:TAG ${key}`,
    `pratique signatures REPOSITORY:TAG`,
    `pratique verify REPOSITORY:TAG --trust ${name}`,
    `notation certificate add --type ca --store ${name} ${join(directory, 'root.pem')}`,
  ]
  note(['next:', ...steps.map((step) => `  ${step}`)].join('\n'))
}
