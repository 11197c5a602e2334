// The settings that say where the master key is. What they hold is in no message.
import { resolve } from 'node:path'
import { Secret } from './lib/secret.ts'

/** Where the master key is; one place. */
export type MasterKeySetting =
  /** Undefined: the data directory's own. */
  | { readonly kind: 'file'; readonly path: string | undefined }
  | {
      readonly kind: 'environment'
      readonly primary: Secret
      readonly previous: Secret | undefined
    }
  | {
      readonly kind: 'command'
      readonly primary: CommandWords
      readonly previous: CommandWords | undefined
    }

type CommandWords = readonly [string, ...string[]]

export const masterKeySettings = {
  masterKeyFile: {
    environment: 'PRATIQUE_MASTER_KEY_FILE',
    fallback: '',
    says: 'file with the master key, instead of master.key in the data directory',
  },
  masterKeyCommand: {
    environment: 'PRATIQUE_MASTER_KEY_COMMAND',
    fallback: '',
    says: 'command that writes the master key, instead of a file; run without a shell',
  },
  masterKeyPreviousCommand: {
    environment: 'PRATIQUE_MASTER_KEY_PREVIOUS_COMMAND',
    fallback: '',
    says: 'during a rotation: command that writes the previous master key',
  },
  masterKey: {
    environment: 'PRATIQUE_MASTER_KEY',
    fallback: '',
    says: 'the master key itself, 32 bytes in base64 or hexadecimal; better a file or a command',
  },
  masterKeyPrevious: {
    environment: 'PRATIQUE_MASTER_KEY_PREVIOUS',
    fallback: '',
    says: 'during a rotation: the previous master key, where the key is in the environment',
  },
} as const

type Name = keyof typeof masterKeySettings
type Chosen = (name: Name) => { readonly text: string; readonly origin: string }

/** The variables that hold a key themselves. */
export const secretVariables: readonly string[] = [
  masterKeySettings.masterKey.environment,
  masterKeySettings.masterKeyPrevious.environment,
]

/** The one source that is set; every problem goes into `problems`. */
export function masterKeyFrom(chosen: Chosen, cwd: string, problems: string[]): MasterKeySetting {
  refuseSecretsElsewhere(chosen, problems)
  refuseSeveral(chosen, problems)
  const { text: primary } = chosen('masterKey')
  if (primary !== '') {
    const { text: previous } = chosen('masterKeyPrevious')
    return {
      kind: 'environment',
      primary: new Secret(primary),
      previous: previous === '' ? undefined : new Secret(previous),
    }
  }
  const command = commandFrom('masterKeyCommand', chosen, problems)
  const previous = commandFrom('masterKeyPreviousCommand', chosen, problems)
  if (command !== undefined) return { kind: 'command', primary: command, previous }
  const { text: path } = chosen('masterKeyFile')
  return { kind: 'file', path: path === '' ? undefined : resolve(cwd, path) }
}

/** A file of settings is read by many, and arguments by everybody on the machine. */
function refuseSecretsElsewhere(chosen: Chosen, problems: string[]): void {
  for (const name of ['masterKey', 'masterKeyPrevious'] as const) {
    const { origin } = chosen(name)
    if (origin === 'default' || origin === 'environment') continue
    const { environment } = masterKeySettings[name]
    problems.push(
      `${name} is a secret and has no place there (${origin}): set ${environment}, or better masterKeyFile or masterKeyCommand`,
    )
  }
}

function refuseSeveral(chosen: Chosen, problems: string[]): void {
  const sources = (['masterKeyFile', 'masterKeyCommand', 'masterKey'] as const)
    .filter((name) => chosen(name).text !== '')
    .map((name) => masterKeySettings[name].environment)
  if (sources.length > 1) {
    problems.push(`the master key has more than one source: keep one of ${sources.join(', ')}`)
  }
  const pairs = [
    ['masterKeyPrevious', 'masterKey'],
    ['masterKeyPreviousCommand', 'masterKeyCommand'],
  ] as const
  for (const [previous, primary] of pairs) {
    if (chosen(previous).text === '' || chosen(primary).text !== '') continue
    const [a, b] = [masterKeySettings[previous].environment, masterKeySettings[primary].environment]
    problems.push(`${a} is set without ${b}: the previous key is given beside the new one`)
  }
}

/** Arguments may hold a secret: no problem shows them. */
function commandFrom(name: Name, chosen: Chosen, problems: string[]): CommandWords | undefined {
  const { text } = chosen(name)
  if (text === '') return undefined
  const words = parseCommand(text)
  if (words === undefined) {
    const { environment } = masterKeySettings[name]
    problems.push(
      `${environment} is no command; expected words, with '…' or "…" around those that hold spaces`,
    )
  }
  return words
}

/** As a shell reads plain words: spaces part them, quotes keep spaces, nothing else has a meaning. */
function parseCommand(text: string): CommandWords | undefined {
  const word = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g
  if (text.replaceAll(word, '').trim() !== '') return undefined
  const [file, ...others] = [...text.matchAll(word)].map(([each]) =>
    each.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  )
  return file === undefined || file === '' ? undefined : [file, ...others]
}
