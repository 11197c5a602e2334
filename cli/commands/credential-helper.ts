// Purpose:  hand docker and others a password for a registry, from the AWS credentials at hand.
// Spec:     docker-credential-helpers: get, store, erase, list on standard input and output.
// Input:    the server URL as the client writes it, one line.
// Deviates: store and erase change nothing, as Amazon's helper does: the credentials come from AWS's own chain.
// Unknowns: a host that is not the registry's, or no credentials → the protocol's sentence and exit 1.
import { text } from 'node:stream/consumers'
import { Argument, type Command } from 'commander'
import { exitCodes } from '../failure.ts'
import { say } from '../output.ts'
import { hostOf, passwordForHost } from '../registry-password.ts'

/** The protocol's own words, which clients recognise. */
const notFound = 'credentials not found in native keychain'
const noServer = 'no credentials server URL'

export function credentialHelperCommand(program: Command): void {
  program
    .command('credential-helper')
    .addArgument(new Argument('<operation>').choices(['get', 'store', 'erase', 'list']))
    .description("Speak docker's credential helper protocol, for the registry that is meant.")
    .addHelpText(
      'after',
      '\nExample (docker config.json):\n  {"credHelpers": {"registry.example.org": "pratique"}}\n  with docker-credential-pratique on the path\n\nExit codes: 0 answered, 1 no credentials.',
    )
    .action(async (operation: string) => {
      if (operation === 'list') {
        say('{}')
        return
      }
      const input = (await text(process.stdin)).trim()
      if (operation === 'get') await answer(input)
    })
}

/** Clients read refusals from standard output, and tell them by their words. */
async function answer(serverUrl: string): Promise<void> {
  const host = hostOf(serverUrl)
  if (host === '') return refuse(noServer)
  try {
    const found = await passwordForHost(host)
    if (found === undefined) return refuse(notFound)
    say(JSON.stringify({ ServerURL: serverUrl, Username: 'AWS', Secret: found.password }))
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error))
  }
}

function refuse(words: string): void {
  say(words)
  process.exitCode = exitCodes.error
}
