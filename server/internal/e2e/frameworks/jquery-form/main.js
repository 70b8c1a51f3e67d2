import '../plugin.js';
import jQueryForm from 'jquery-form';

jQueryForm(window, jQuery); // as that package wants it; a <script> needs no such line
await import('./onboarding.js');
