import htmx from 'htmx.org';
import { served } from '../served.js';

served(query => htmx.ajax('GET', '/form?' + query, { target: 'form', swap: 'outerMorph' }));
