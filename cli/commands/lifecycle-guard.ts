import type { Command } from 'commander'
import { faultText } from '../../src/lifecycle/rules/document-reader.ts'
import { parseGuards } from '../../src/lifecycle/rules/parse-guards.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { documentIn } from '../lifecycle/policy-text.ts'
import { counted } from '../lifecycle/render-preview.ts'
import { say } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const path = '/pratique/v1/lifecycle/guards'

/** What images an account keeps whatever its policies say. */
export function addGuardCommands(lifecycle: Command): void {
  const guard = lifecycle
    .command('guard')
    .description('Images that stay whatever lifecycle policies say; beyond ECR.')
  guard
    .command('show')
    .description('The document in force.')
    .addHelpText('after', '\nExit codes: 0 shown, 1 there is none, 4 not allowed.')
    .action(show)
  guard
    .command('put')
    .argument('<file>', 'the document: docs/lifecycle.md, "Guards"')
    .description('Put a document in force, in place of the one before.')
    .addHelpText('after', '\nExit codes: 0 put, 1 failed, 2 it cannot be accepted, 4 not allowed.')
    .action(put)
  guard
    .command('delete')
    .description('Keep nothing beyond what policies keep.')
    .addHelpText('after', '\nExit codes: 0 deleted, 1 there is none, 4 not allowed.')
    .action(remove)
}

async function show(): Promise<void> {
  const response = await callServer(openSession(configOf({})), 'GET', path)
  say((await jsonOf<{ readonly text: string }>(response)).text)
}

async function put(file: string): Promise<void> {
  const text = await documentIn(file)
  const read = parseGuards(text)
  if (read.kind === 'refused') {
    const lines = read.faults.map((fault) => `  ${faultText(fault)}`)
    throw new Failure(exitCodes.usage, `${file} cannot be accepted:\n${lines.join('\n')}`)
  }
  const body = { stream: new Blob([text]).stream(), type: 'application/json' }
  await callServer(openSession(configOf({})), 'POST', path, body)
  const { guards, undoDays } = read.document
  const undo =
    undoDays === 0 ? 'deletions cannot be undone' : `undo for ${counted(undoDays, 'day')}`
  say(`${counted(guards.length, 'guard')} in force; ${undo}`)
}

async function remove(): Promise<void> {
  await callServer(openSession(configOf({})), 'DELETE', path)
  say('no guards are in force')
}
