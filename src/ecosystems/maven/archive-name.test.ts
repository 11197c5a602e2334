import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitArchiveName } from './archive-name.ts'

/** Path, versions that the archive states, and how its name is split. */
const names: readonly (readonly [path: string, versions: readonly string[], split: string])[] = [
  ['app.jar', [], 'app'],
  ['app.jar', ['1.0'], 'app'],
  ['-1.0.jar', [], '-1.0'],
  ['lib/log4j-core-2.14.1.jar', [], 'log4j-core 2.14.1'],
  ['log4j-1.2-api-2.14.1.jar', [], 'log4j-1.2-api 2.14.1'],
  ['zstd-jni-1.3.8-5.jar', [], 'zstd-jni 1.3.8-5'],
  ['java-cup-runtime-11b-20160615.jar', [], 'java-cup-runtime 11b-20160615'],
  ['thing-1.0-20240101.123456-1.jar', [], 'thing 1.0-20240101.123456-1'],
  ['kafka_2.13-3.4.0.jar', [], 'kafka_2.13 3.4.0'],
  ['org.eclipse.jdt.core_3.12.1.v20160829.jar', [], 'org.eclipse.jdt.core 3.12.1.v20160829'],
  ['guava-31.1-jre.jar', ['31.1'], 'guava 31.1-jre'],
  ['driver-3.11.0-shaded.jar', [], 'driver 3.11.0'],
  ['driver-3.11.0-shaded.jar', ['3.11.0'], 'driver 3.11.0'],
  ['sisu-guice-3.2.5-no_aop.jar', ['3.2.5'], 'sisu-guice 3.2.5'],
  ['geronimo-jta_1.1_spec-1.1.1.jar', ['1.1.1'], 'geronimo-jta_1.1_spec 1.1.1'],
  ['build-2024-release-7.jar', ['7'], 'build-2024-release 7'],
]

test('the version begins where the archive says, else at the last number with a point', () => {
  for (const [path, versions, split] of names) {
    const { artifact, version } = splitArchiveName(path, versions)
    assert.equal([artifact, version].filter((part) => part !== undefined).join(' '), split, path)
  }
})
