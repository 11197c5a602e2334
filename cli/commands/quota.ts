import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { parseSize, shownSize } from '../size.ts'

interface UsageLine {
  readonly scope: 'account' | 'repository'
  readonly name: string
  readonly used: { readonly bytes: number; readonly images: number }
  /** Absent where there is no limit. */
  readonly maxBytes?: number
  readonly maxImages?: number
}

export function quotaCommand(program: Command): void {
  const quota = program
    .command('quota')
    .description('What the account and its repositories hold, and how much they may.')
  quota
    .command('list', { isDefault: true })
    .description('Usage and limits; bytes of blobs count once in an account.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique quota list\n\nExit codes: 0 shown, 1 failed, 4 not allowed.',
    )
    .action(list)
  quota
    .command('set')
    .argument('[repository]', 'the repository to limit; the whole account when there is none')
    .description('Set limits. A push that would pass one is refused; nothing is removed.')
    .option('--bytes <size>', 'such as 500MB, 10GiB, or none')
    .option('--images <count>', 'manifests of every kind, or none')
    .option('--account <id>', 'another account than your own')
    .addHelpText(
      'after',
      '\nExample:\n  pratique quota set team/app --bytes 10GiB --images 500\n  pratique quota set --account 210987654321 --bytes 1TiB\n\nA limit that is not given stays as it is. What a whole account may hold is set by the account that runs the installation.\n\nExit codes: 0 set, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(set)
}

async function readUsage(): Promise<readonly UsageLine[]> {
  const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/quotas')
  const lines: UsageLine[] = []
  for await (const line of linesOf<UsageLine>(response)) lines.push(line)
  return lines
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const lines = await readUsage()
  say(render(output, lines, () => renderUsage(lines)))
}

function renderUsage(lines: readonly UsageLine[]): string {
  const rows = lines.map(({ scope, name, used, maxBytes, maxImages }) => [
    scope,
    name,
    shownSize(used.bytes),
    maxBytes === undefined ? 'none' : shownSize(maxBytes),
    String(used.images),
    maxImages === undefined ? 'none' : String(maxImages),
  ])
  return renderTable(['SCOPE', 'NAME', 'BYTES', 'LIMIT', 'IMAGES', 'LIMIT'], rows)
}

async function set(
  repository: string | undefined,
  flags: { readonly bytes?: string; readonly images?: string; readonly account?: string },
): Promise<void> {
  const query = new URLSearchParams()
  if (flags.bytes !== undefined) query.set('max-bytes', limitOf(flags.bytes, parseSize))
  if (flags.images !== undefined) query.set('max-images', limitOf(flags.images, parseCount))
  if (query.size === 0) {
    throw new Failure(exitCodes.usage, 'nothing to set', 'give --bytes, --images or both')
  }
  if (repository !== undefined) query.set('repository', repository)
  if (flags.account !== undefined) query.set('account', flags.account)
  const path = `/pratique/v1/quotas?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  const { maxBytes, maxImages } = await jsonOf<Pick<UsageLine, 'maxBytes' | 'maxImages'>>(response)
  const bytes = maxBytes === undefined ? 'no limit of bytes' : shownSize(maxBytes)
  const images = maxImages === undefined ? 'no limit of images' : `${maxImages} images`
  say(`${repository ?? `account ${flags.account ?? ''}`.trim()}: ${bytes}, ${images}`)
}

function limitOf(text: string, parse: (text: string) => number | undefined): string {
  if (text === 'none') return text
  const limit = parse(text)
  if (limit !== undefined) return String(limit)
  throw new Failure(
    exitCodes.usage,
    `${JSON.stringify(text)} is not a limit`,
    'write bytes as 500MB or 10GiB, images as a whole number, or none',
  )
}

function parseCount(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
}
