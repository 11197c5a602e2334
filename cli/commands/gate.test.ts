import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { gateCommand } from './gate.ts'

/** What is wrong with the words, found before anybody is asked. */
async function refusal(...words: readonly string[]): Promise<string> {
  const program = new Command().exitOverride()
  gateCommand(program)
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => undefined })
  try {
    await program.parseAsync(['gate', ...words], { from: 'user' })
  } catch (error) {
    assert.ok(error instanceof Error)
    if (error instanceof Failure) assert.equal(error.exitCode, exitCodes.usage)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${words.join(' ')}` })
}

test('words that mean nothing are refused, and what would be meant is told', async () => {
  const rows: readonly (readonly [words: readonly string[], told: RegExp])[] = [
    [['app:1.0', '-o', 'yaml'], /known formats are table, json, sarif, gitlab, junit, markdown/],
    [['app:1.0', '-o', 'json='], /as FORMAT or FORMAT=FILE/],
    [['app:1.0', '--epss', '20'], /write it as a number from 0 to 1/],
    [['app:1.0', '--grace', 'soon'], /write it as 90s, 5m, 48h or 2d/],
    [['app:1.0', '--fail-on', 'severe'], /Allowed choices are critical, high/],
    [['app:1.0', '--as', 'prod'], /prod is not CLUSTER\/NAMESPACE/],
    [['app:1.0', '--new-only'], /--new-only and --baseline go together/],
    [['APP:1.0'], /APP:1\.0 is not an image reference/],
    [['app:1.0', '--policy', '/does/not/exist.yaml'], /cannot be read/],
    [['app:1.0', '--vex', '/does/not/exist.json'], /cannot be read/],
    [['app:1.0', '--polciy', 'x'], /unknown option/],
    [[], /missing required argument/],
  ]
  for (const [words, told] of rows) assert.match(await refusal(...words), told, words.join(' '))
})
