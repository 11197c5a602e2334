import type { Command } from 'commander'
import { explainCommand } from './policy-explain.ts'
import { policyLintCommand } from './policy-lint.ts'
import { policySimulateCommand } from './policy-simulate.ts'
import { policyTestCommand } from './policy-test.ts'
import { whatCanCommand } from './policy-what-can.ts'
import { whoCanCommand } from './policy-who-can.ts'

/** Each of these has a file of its own. */
const commands = [
  policyLintCommand,
  explainCommand,
  whoCanCommand,
  whatCanCommand,
  policySimulateCommand,
  policyTestCommand,
] as const

export function policyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .description('What policies say, what they should, and what comes of them')
  for (const add of commands) add(policy)
}
