/** Runs a tool of a Python package's locked development environment: `node scripts/python.ts pipeline/prepare mypy`. */
import { runTool, type Tool } from './python-tool.ts';

const [folder = '', tool = '', ...args] = process.argv.slice(2);
process.exitCode = await runTool(folder, tool as Tool, args);
