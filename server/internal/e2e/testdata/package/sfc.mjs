// Compiles snippet.vue to a module, as a bundler's plugin does.
import { readFileSync } from 'node:fs';
import { compileScript, parse } from 'vue/compiler-sfc';

const compilerOptions = { isCustomElement: tag => tag === 'ekyc-connect' };
const { descriptor, errors } = parse(readFileSync('snippet.vue', 'utf8'), { templateParseOptions: compilerOptions });
if (errors.length) throw errors[0];
console.log(compileScript(descriptor, { id: 'identity', inlineTemplate: true, templateOptions: { compilerOptions } }).content);
