import type { Command } from 'commander'
import { configOf, type GlobalFlags } from '../settings.ts'
import { say } from '../output.ts'
import { exitCodes, Failure } from '../failure.ts'

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('Run the registry until it is asked to stop (SIGINT or SIGTERM).')
    .option('--data <directory>', 'directory that holds everything')
    .option('--listen <host:port>', 'address to listen on; port 0 picks a free one')
    .option('--url <address>', 'address that clients are told')
    .option('--defaults <secure|aws>', 'what a repository gets where its maker says nothing')
    .option('--log <style>', 'auto, json, pretty or silent')
    .addHelpText(
      'after',
      '\nExample:\n  pratique serve --listen 127.0.0.1:5080\n\nExit codes: 0 stopped as asked, 1 could not start, 2 wrong settings.',
    )
    .action(async (flags: GlobalFlags) => {
      const config = configOf(flags)
      // The server is not a client: this command is the program itself, loaded only when it is asked for.
      const { serve, StartError } = await import('../../src/main.ts')
      try {
        await serve(config, { isTerminal: process.stderr.isTTY, say })
      } catch (error) {
        if (error instanceof StartError)
          throw new Failure(exitCodes.error, error.message, undefined, { cause: error })
        throw error
      }
    })
}
