import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { linesOf } from '../json.ts'
import { formatOption, render, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { parseSize } from '../size.ts'
import { stopSignal } from '../stop-signal.ts'
import { CheckView, renderSummary, type CheckEvent } from '../storage-check.ts'

interface Flags {
  readonly hashes?: true
  readonly repair?: true
  readonly maxRate?: string
  readonly data?: string
  readonly output: Format
}

export function fsckCommand(program: Command): void {
  program
    .command('fsck')
    .description('Hold the database against the stored bytes, both ways, and say what is wrong.')
    .option('--hashes', 'also read every blob and verify its digest')
    .option('--repair', 'mend what can be mended; no manifest and no tag is ever removed')
    .option('--max-rate <size>', 'read at most so much in a second: 50MB, 1GiB')
    .option('--data <directory>', 'check a data directory that no server uses')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique fsck --hashes --max-rate 100MB\n\nThe running server does it, beside pushes and pulls; --data opens a directory as a start of the server would.\nA blob whose bytes are lost or damaged is marked missing by a repair: clients then push it again.\n\nExit codes: 0 no problem, or all repaired, 1 failed, 2 nonsense, 3 problems are left, 4 not allowed.',
    )
    .action(check)
}

async function check(flags: Flags): Promise<void> {
  const view = new CheckView(flags.output)
  const rate = rateOf(flags.maxRate)
  const events = flags.data === undefined ? askServer(flags, rate) : checkHere(flags, rate)
  for await (const event of events) view.take(event)
  const { summary, problems } = view
  if (summary === undefined) throw new Failure(exitCodes.error, 'the check ended without a word')
  say(render(flags.output, { summary, problems }, () => renderSummary(summary)))
  if (summary.left > 0) process.exitCode = exitCodes.no
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const rate = parseSize(text)
  if (rate !== undefined && rate >= 1000) return rate
  const message = `${JSON.stringify(text)} is not a rate`
  throw new Failure(exitCodes.usage, message, 'write bytes for a second as 50MB or 1GiB')
}

async function* askServer(flags: Flags, rate: number | undefined): AsyncGenerator<CheckEvent> {
  const query = new URLSearchParams()
  if (flags.hashes === true) query.set('hashes', 'true')
  if (rate !== undefined) query.set('max-bytes-per-second', String(rate))
  const path = `/pratique/v1/storage-checks${flags.repair === true ? '/repair' : ''}`
  const session = openSession(configOf({}))
  yield* linesOf<CheckEvent>(await callServer(session, 'POST', `${path}?${query.toString()}`))
}

async function* checkHere(flags: Flags, rate: number | undefined): AsyncGenerator<CheckEvent> {
  const config = configOf(flags.data === undefined ? {} : { data: flags.data })
  // No server is asked: this command is the program itself, loaded only when it is asked for.
  const { checkDirectory, StartError } = await import('../../src/main.ts')
  const input = {
    hashes: flags.hashes === true,
    repair: flags.repair === true,
    maxBytesPerSecond: rate,
  }
  try {
    yield* checkDirectory(config, input, { signal: stopSignal() })
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const advice = 'a directory that a server uses is checked by the server: leave --data out'
    throw new Failure(exitCodes.error, error.message, advice, { cause: error })
  }
}
