import type { Command } from 'commander'
import { documentIn } from '../lifecycle/policy-text.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { outputOption } from '../trust/render-trust.ts'

type Kind = 'store' | 'key' | 'root'

const base = '/pratique/v1/trust'
interface Words {
  readonly what: string
  readonly name: string
  readonly file: string
  readonly example: string
}

const words: Readonly<Record<Kind, Words>> = {
  store: {
    what: 'Certificates that chains may end in.',
    name: 'ca:NAME, signingAuthority:NAME or tsa:NAME',
    file: 'PEM',
    example: 'pratique trust store add ca:acme acme-root.pem',
  },
  key: {
    what: 'Public keys, with the time in which they count.',
    name: 'as policies name it',
    file: 'PEM of one public key',
    example: 'pratique trust key add release-2026 cosign.pub',
  },
  root: {
    what: 'Sigstore instances.',
    name: 'as policies name it',
    file: 'trusted_root.json',
    example: 'pratique trust root add --public\n  pratique trust root add ours trusted_root.json',
  },
}

/** `pratique trust store|key|root add|list|delete`. */
export function addMaterialCommands(trust: Command): void {
  for (const kind of ['store', 'key', 'root'] as const) {
    const { what, name, file, example } = words[kind]
    const command = trust.command(kind).description(what)
    const add = command
      .command('add')
      .argument(kind === 'root' ? '[name]' : '<name>', name)
      .argument(kind === 'root' ? '[file]' : '<file>', file)
      .description('Add it, or put it in place of the one of that name.')
      .addHelpText(
        'after',
        `\nExample:\n  ${example}\n\nExit codes: 0 added, 1 refused by the server, 2 nonsense, 4 not allowed.`,
      )
    if (kind === 'key')
      add
        .option('--valid-from <time>', 'signatures of before do not count')
        .option('--valid-until <time>', 'signatures of later do not count')
        .option(
          '--revoked-from <time>',
          'signatures from then on do not count, whatever is said of them',
        )
    if (kind === 'root')
      add
        .option('--public', "the public instance's, kept up to date; no file is needed")
        .action(addRoot)
    else add.action((named: string, path: string, flags: Window) => put(kind, named, path, flags))
    command
      .command('list')
      .addOption(outputOption())
      .description('What there is, and which policies name it.')
      .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
      .action((flags: { readonly output: Format }) => list(kind, flags))
    command
      .command('delete')
      .argument('<name>')
      .description('Refused while a policy names it.')
      .addHelpText('after', '\nExit codes: 0 deleted, 1 refused by the server, 4 not allowed.')
      .action((named: string) => remove(kind, named))
  }
}

async function addRoot(
  name: string | undefined,
  file: string | undefined,
  flags: { readonly public?: true },
): Promise<void> {
  if (flags.public === true) {
    const message = '--public needs no file: the root comes from the public instance'
    if (file !== undefined) throw new Failure(exitCodes.usage, message)
    return followPublic(name ?? 'public')
  }
  if (name !== undefined && file !== undefined) return put('root', name, file, {})
  const message = 'a name and a file are needed, or --public'
  throw new Failure(exitCodes.usage, message, 'pratique trust root add NAME trusted_root.json')
}

async function followPublic(name: string): Promise<void> {
  const path = `${base}/public-root?${new URLSearchParams({ name }).toString()}`
  const answer = await callServer(openSession(configOf({})), 'POST', path)
  const { version, changes, failure } = await jsonOf<{
    readonly version: number
    readonly changes: readonly string[]
    readonly failure?: string
  }>(answer)
  say(`root ${name}: version ${version}, of the public sigstore instance`)
  for (const change of changes) note(`  ${change}`)
  if (failure !== undefined)
    note(`  it is the one that is at hand: it could not be brought up to date (${failure})`)
}

interface Window {
  readonly validFrom?: string
  readonly validUntil?: string
  readonly revokedFrom?: string
}

async function put(kind: Kind, name: string, file: string, window: Window): Promise<void> {
  const text = await documentIn(file)
  const query = new URLSearchParams({ kind, name })
  for (const [member, key] of [
    ['validFrom', 'valid-from'],
    ['validUntil', 'valid-until'],
    ['revokedFrom', 'revoked-from'],
  ] as const) {
    const time = window[member]
    if (time !== undefined) query.set(key, timeIn(time))
  }
  const body = { stream: new Blob([text]).stream(), type: 'text/plain' }
  const answer = await callServer(
    openSession(configOf({})),
    'POST',
    `${base}/material?${query.toString()}`,
    body,
  )
  const { version, changes } = await jsonOf<{
    readonly version: number
    readonly changes: readonly string[]
  }>(answer)
  say(`${kind} ${name}: version ${version}`)
  for (const change of changes) note(`  ${change}`)
}

function timeIn(text: string): string {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date.toISOString()
  const message = `${JSON.stringify(text)} is no time`
  throw new Failure(exitCodes.usage, message, 'write 2027-01-31 or 2027-01-31T12:00:00Z')
}

interface Listed {
  readonly material: {
    readonly name: string
    readonly thumbprints?: readonly string[]
    readonly fingerprint?: string
    readonly hash?: string
    readonly validFrom?: number
    readonly validUntil?: number
    readonly revokedFrom?: number
  }
  readonly version: number
  readonly putAt: string
  readonly follows?: { readonly confirmedAt?: string; readonly failure?: string }
  readonly policies: readonly string[]
}

async function list(kind: Kind, flags: { readonly output: Format }): Promise<void> {
  const path = `${base}/materials?${new URLSearchParams({ kind }).toString()}`
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const { material } = await jsonOf<{ readonly material: readonly Listed[] }>(answer)
  const rows = material.map((one) => [
    one.material.name,
    contentOf(one),
    one.policies.length === 0 ? '-' : one.policies.join(', '),
    String(one.version),
    one.putAt,
  ])
  const table = (): string =>
    rows.length === 0
      ? `no ${kind}s`
      : renderTable(['NAME', 'WHAT', 'POLICIES', 'VERSION', 'PUT'], rows)
  say(render(flags.output, material, table))
}

function contentOf({ material, follows, putAt }: Listed): string {
  if (material.thumbprints !== undefined) return `${material.thumbprints.length} certificates`
  if (material.hash !== undefined)
    return `sha256 ${material.hash.slice(0, 16)}…, ${sourceOf(follows, putAt)}`
  const times = [
    ['from', material.validFrom],
    ['until', material.validUntil],
    ['revoked from', material.revokedFrom],
  ] as const
  const said = times.flatMap(([word, time]) =>
    time === undefined ? [] : [`${word} ${new Date(time).toISOString()}`],
  )
  return [`sha256 ${(material.fingerprint ?? '').slice(0, 16)}…`, ...said].join(', ')
}

/** Whose root it is, and how old what is known of it. */
function sourceOf(follows: Listed['follows'], putAt: string): string {
  if (follows === undefined) return `from a file, ${ageOf(putAt)} old`
  const { confirmedAt, failure } = follows
  const age =
    confirmedAt === undefined
      ? 'shipped with the program, never confirmed'
      : `confirmed ${ageOf(confirmedAt)} ago`
  return `public instance, ${age}${failure === undefined ? '' : ` (${failure})`}`
}

function ageOf(time: string): string {
  const hours = Math.floor((new Date().getTime() - new Date(time).getTime()) / 3_600_000)
  if (hours < 1) return 'less than 1 h'
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

async function remove(kind: Kind, name: string): Promise<void> {
  const path = `${base}/material?${new URLSearchParams({ kind, name }).toString()}`
  await callServer(openSession(configOf({})), 'DELETE', path)
  say(`${kind} ${name} is deleted`)
}
