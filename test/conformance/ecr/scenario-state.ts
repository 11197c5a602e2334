// What the steps of the scenario stand on: an image with a package that has known flaws, policies, and names of the walker's own.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, writeImageLayout } from '../../kit/image-layout.ts'
import { lifecycleText } from '../../kit/lifecycle.ts'

export type State = Readonly<Record<string, string>>

export const account = '123456789012'

export async function scenarioState(directory: string, prefix: string): Promise<State> {
  const lodash = JSON.stringify({ name: 'lodash', version: '4.17.20' })
  const layout = await writeImageLayout(directory, [
    { 'app/node_modules/lodash/package.json': lodash, 'etc/walker': prefix },
  ])
  const { config } = JSON.parse(layout.manifest.toString()) as { config: { digest: string } }
  const [layerDigest = ''] = layout.layerDigests
  const bytesOf = async (digest: string): Promise<Buffer> =>
    readFile(join(directory, 'blobs', 'sha256', digest.slice(7)))
  const layer = await bytesOf(layerDigest)
  const configBytes = await bytesOf(config.digest)
  return {
    prefix,
    account,
    layer: layer.toString('base64'),
    layerDigest,
    layerLast: String(layer.byteLength - 1),
    config: configBytes.toString('base64'),
    configDigest: config.digest,
    configLast: String(configBytes.byteLength - 1),
    manifest: layout.manifest.toString(),
    manifestDigest: digestOf(layout.manifest),
    secretArn: `arn:aws:secretsmanager:us-east-1:${account}:secret:ecr-pullthroughcache/hub-AbCdEf`,
    referrer: referrerOf(layout.manifest, config.digest, configBytes.byteLength),
    repositoryPolicy: policyOf('ecr:BatchGetImage'),
    registryPolicy: policyOf('ecr:ReplicateImage', `arn:aws:ecr:us-east-1:${account}:repository/*`),
    keepAll: lifecycleText(['1 prefix:nothing- count:9999']),
    keepOne: lifecycleText(['1 any count:1']),
  }
}

/** A note about an image. */
function referrerOf(manifest: Buffer, configDigest: string, configSize: number): string {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: configDigest,
    size: configSize,
  }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType,
    artifactType: 'application/vnd.example.note',
    config,
    layers: [config],
    subject: { mediaType, digest: digestOf(manifest), size: manifest.byteLength },
    annotations: { note: 'one' },
  })
}

function policyOf(action: string, resource?: string): string {
  const statement = {
    Sid: 'Own',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: action,
    ...(resource === undefined ? {} : { Resource: resource }),
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

/** What stands for something is replaced by it. */
export function filled(value: unknown, state: State): unknown {
  if (typeof value === 'string') return filledText(value, state)
  if (Array.isArray(value)) return value.map((entry) => filled(entry, state))
  if (typeof value !== 'object' || value === null) return value
  const given = new Map<string, unknown>(Object.entries(value))
  const bytes = given.get('$base64')
  if (typeof bytes === 'string') return Buffer.from(known(state, bytes), 'base64')
  const number = given.get('$number')
  if (typeof number === 'string') return Number(known(state, number))
  return Object.fromEntries([...given].map(([key, entry]) => [key, filled(entry, state)]))
}

function filledText(text: string, state: State): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => known(state, name))
}

function known(state: State, name: string): string {
  const value = state[name]
  if (value === undefined) throw new Error(`nothing is known as ${name}`)
  return value
}

/** `image.imageId.imageDigest` → what stands there. */
export function valueAt(value: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>(
      (at, step) =>
        typeof at === 'object' && at !== null
          ? new Map<string, unknown>(Object.entries(at)).get(step)
          : undefined,
      value,
    )
}
