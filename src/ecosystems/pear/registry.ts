// Purpose:  list the packages that pear and pecl installed.
// Spec:     PEAR's installer, PEAR_Registry: `.registry/NAME.reg`, and `.registry/.channel.CHANNEL/NAME.reg` of other channels;
//           a serialized array with name, channel, version → release, license.
// Input:    bytes of such a file from an image; hostile.
// Deviates: the channel is taken from the file, and from its folder where the file has none.
// Unknowns: a file that is no such array, or names no package and version, is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isPhpArray, readPhpValue, type PhpValue } from './php-values.ts'

const registryFile = /(?:^|\/)\.registry\/(?:\.channel\.([^/]+)\/)?[^/]+\.reg$/
const mainChannel = 'pear.php.net'

export const pearRegistry: Extractor = {
  id: 'pear-registry',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => registryFile.test(path),
  extract: extractRegistry,
}

function extractRegistry(path: string, bytes: Uint8Array): Extraction {
  const value = readPhpValue(bytes)
  if (!isPhpArray(value)) return unreadable(path, 'is no array as PHP serializes it')
  const channel = textOf(value.get('channel')) ?? registryFile.exec(path)?.[1] ?? mainChannel
  const name = textOf(value.get('name')) ?? textOf(value.get('package'))
  if (name === undefined) return unreadable(path, 'has no name')
  const list = startPackageList({ type: 'pear', path, evidence: 'installed' })
  list.add({
    name: `${channel.toLowerCase()}/${name}`,
    version: releaseOf(value) ?? '',
    licenses: licensesOf(value.get('license')),
  })
  return list.extraction()
}

/** `version` is an array since package.xml 2.0. */
function releaseOf(found: ReadonlyMap<string, PhpValue>): string | undefined {
  const version = found.get('version')
  return isPhpArray(version) ? textOf(version.get('release')) : textOf(version)
}

function licensesOf(value: PhpValue | undefined): readonly string[] {
  const told = isPhpArray(value) ? textOf(value.get('_content')) : textOf(value)
  return told === undefined ? [] : [told]
}

function textOf(value: PhpValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
