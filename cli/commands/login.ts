import type { Command } from 'commander'
import { writeLogin } from '../docker-config.ts'
import { say } from '../output.ts'
import { authorizationToken, openSession } from '../session.ts'
import { configOf, dockerConfigFiles } from '../settings.ts'

export function loginCommand(program: Command): void {
  program
    .command('login')
    .argument('[host]', 'HOST:PORT of the registry; by default the one that answers')
    .description("Write docker's configuration, which skopeo, crane, oras and helm read too.")
    .addHelpText(
      'after',
      '\nExample:\n  pratique login\n\nExit codes: 0 written, 1 failed, 4 not signed in.',
    )
    .action(async (host: string | undefined) => {
      const token = await authorizationToken(openSession(configOf({})))
      const target = host ?? new URL(token.registry).host
      for (const file of dockerConfigFiles()) {
        writeLogin(file, target, token.password)
        say(`logged in to ${target} until ${token.expiresAt.toISOString()}: ${file}`)
      }
    })
  program
    .command('logout')
    .argument('[host]', 'HOST:PORT of the registry; by default the one that answers')
    .description("Take the registry out of docker's configuration.")
    .addHelpText(
      'after',
      '\nExample:\n  pratique logout 127.0.0.1:5080\n\nExit codes: 0 done, 1 failed.',
    )
    .action((host: string | undefined) => {
      const target =
        host ?? new URL(openSession(configOf({})).endpoint ?? 'http://127.0.0.1:5080').host
      for (const file of dockerConfigFiles()) {
        writeLogin(file, target, undefined)
        say(`logged out of ${target}: ${file}`)
      }
    })
}
