import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface MasterKeys {
  readonly source: 'file' | 'environment' | 'command'
  readonly keys: readonly {
    readonly id: string
    readonly state: 'primary' | 'previous'
    readonly createdAt: string
    readonly dropAfter?: string
    readonly records: number
  }[]
  readonly unnamedRecords: number
}

type Step =
  | { readonly kind: 'primary'; readonly primary: string; readonly previous: string }
  | { readonly kind: 'resealed'; readonly records: number; readonly unopened: number }
  | ({ readonly kind: 'done'; readonly dropped: readonly string[] } & MasterKeys)
  | { readonly kind: 'failed'; readonly message: string }

export function keysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('The master key, under which every stored secret is sealed.')
  keys
    .command('list')
    .description('Show the master keys in use, by names that tell nothing of them.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique keys list\n\nExit codes: 0 shown, 1 failed, 4 not allowed.',
    )
    .action(list)
  keys
    .command('rotate-master')
    .description('Seal everything under a new master key, while the server serves.')
    .option('--end-sessions', 'tokens made under the former key end at once: it may be known')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique keys rotate-master\n\nThe server makes the new key where the key is in a file. Where it comes from a command, change what the command gives\nfirst, and give the former key by PRATIQUE_MASTER_KEY_PREVIOUS_COMMAND. See docs/security.md.\n\nExit codes: 0 rotated, 1 failed, 3 rotated and some records open under no key, 4 not allowed.',
    )
    .action(rotate)
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/master-keys')
  const keys = await jsonOf<MasterKeys>(response)
  say(render(output, keys, () => renderKeys(keys)))
}

async function rotate(flags: {
  readonly endSessions?: true
  readonly output: Format
}): Promise<void> {
  const query = flags.endSessions === true ? '?end-sessions=true' : ''
  const path = `/pratique/v1/master-keys/rotations${query}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  let last: Step | undefined
  let resealed = { records: 0, unopened: 0 }
  for await (const step of linesOf<Step>(response)) {
    if (step.kind === 'primary') note(`new master key ${step.primary}, before ${step.previous}`)
    if (step.kind === 'resealed') resealed = step
    last = step
  }
  if (last?.kind !== 'done') {
    const why = last?.kind === 'failed' ? last.message : 'the answer broke off'
    const advice = 'the new key is in use; the server goes on with the rest by itself'
    throw new Failure(exitCodes.error, why, advice)
  }
  const { dropped, source, keys, unnamedRecords } = last
  const { records, unopened } = resealed
  const value = { resealed: records, unopened, dropped, source, keys, unnamedRecords }
  say(render(flags.output, value, () => renderRotation(value)))
  if (unopened > 0) process.exitCode = exitCodes.no
}

function renderRotation(
  rotation: MasterKeys & {
    readonly resealed: number
    readonly unopened: number
    readonly dropped: readonly string[]
  },
): string {
  const lines = [`sealed ${rotation.resealed} records under the new key`]
  if (rotation.unopened > 0) {
    lines.push(`${rotation.unopened} records open under no key: their former keys are kept`)
  }
  if (rotation.dropped.length > 0) lines.push(`dropped ${rotation.dropped.join(', ')}`)
  return [...lines, renderKeys(rotation)].join('\n')
}

function renderKeys({ keys, unnamedRecords }: MasterKeys): string {
  const rows = keys.map(({ id, state, createdAt, dropAfter, records }) => [
    id,
    state,
    createdAt,
    dropAfter ?? '',
    String(records),
  ])
  const table = renderTable(['KEY', 'STATE', 'SINCE', 'KEPT UNTIL', 'RECORDS'], rows)
  if (unnamedRecords === 0) return table
  return `${table}\n${unnamedRecords} records do not name their key: pratique keys rotate-master`
}
