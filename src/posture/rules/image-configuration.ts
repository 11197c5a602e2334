// Purpose:  what of an image's configuration is judged.
// Spec:     OCI image-spec, config (os, config.User, config.Env, config.Labels, config.Entrypoint, config.Cmd, history).
// Input:    a parsed document of at most 8 MiB; hostile.
// Deviates: nothing.
// Unknowns: a member of another type is one that is not there: the user is then root, which fails.
import type { ConfigurationEvidence } from './evidence.ts'
import { secretsIn } from './secrets.ts'

export const maxConfigurationBytes = 8 * 1024 * 1024
const maxTexts = 2000

export function configurationIn(
  document: unknown,
  platform: string | undefined,
): ConfigurationEvidence {
  const root = recordOf(document)
  const config = recordOf(root['config'])
  const { User: user } = config
  return {
    platform,
    os: typeof root['os'] === 'string' ? root['os'] : 'linux',
    user: typeof user === 'string' ? user.trim() : '',
    secrets: secretsIn({
      env: textsIn(config['Env']),
      labels: labelsIn(config['Labels']),
      command: [...textsIn(config['Entrypoint']), ...textsIn(config['Cmd'])],
      history: listOf(root['history']).flatMap((step) => textsIn([recordOf(step)['created_by']])),
    }),
  }
}

function labelsIn(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value)).slice(0, maxTexts)
  return Object.fromEntries(
    entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  )
}

function textsIn(value: unknown): readonly string[] {
  return listOf(value).filter((text) => typeof text === 'string')
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, maxTexts) : []
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? Object.fromEntries(Object.entries(value)) : {}
}
