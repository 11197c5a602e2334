import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { say } from '../output.ts'
import { configOf, type GlobalFlags } from '../settings.ts'

export function initCommand(program: Command): void {
  program
    .command('init')
    .description('Make the data directory with its keys and credentials, without serving.')
    .option('--data <directory>', 'directory that holds everything')
    .option('--account <id>', 'account id, 12 digits')
    .option('--region <region>', 'region that the registry answers as')
    .addHelpText(
      'after',
      '\nExample:\n  pratique init --data /srv/pratique\n\nExit codes: 0 done or already there, 1 failed, 2 wrong settings.',
    )
    .action(async (flags: GlobalFlags) => {
      const config = configOf(flags)
      const { initialise, StartError } = await import('../../src/main.ts')
      try {
        const { paths, isFirstStart } = await initialise(config)
        say(
          isFirstStart
            ? `made ${paths.root}; credentials are in ${paths.credentials}`
            : `${paths.root} is initialised already`,
        )
      } catch (error) {
        if (error instanceof StartError)
          throw new Failure(exitCodes.error, error.message, undefined, { cause: error })
        throw error
      }
    })
}
