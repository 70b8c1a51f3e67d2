import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Onboarding } from './Onboarding.jsx';
import { Page } from './Page.jsx';

createRoot(document.getElementById('app')).render(<StrictMode><Page form={Onboarding} /></StrictMode>);
